// The time line: clients, servers and faults as lanes, and what is on its way between them.
import { Axis } from './axis.ts';
import { AXIS, type Lane, type Lanes, layOut, linkPlace } from './lanes.ts';
import type { CallSpan, Recording, Span } from './recording.ts';
import { showCall, showTime } from './results.ts';
import { fitted, svg, widthOf } from './svg.ts';
import { faultTexts, firstLine, isOfPath, showEnd, showFault, showWay } from './words.ts';

/** Where the moment that is shown stands, as a part of the width. */
const STAND = 0.62;
/** How much is drawn on each side beyond what is visible, in widths. */
const BEYOND = 0.6;

/** The drawing of a recording around a moment. */
export class Diagram {
  readonly #box: HTMLElement;
  readonly #onCall: (call: CallSpan) => void;
  readonly #onSeek: (index: number) => void;
  #recording: Recording | null = null;
  #axis: Axis = new Axis([]);
  #lanes: Lanes = { lanes: new Map(), height: 0 };
  #root: SVGElement = svg('svg', {});
  #content: SVGElement = svg('g', {});
  #cursor: SVGElement = svg('g', {});
  #width = 0;
  #zoom = 1;
  #position = 0;
  #scroll = 0;
  // What is drawn now: from one place to another.
  #drawn: readonly [from: number, to: number] = [0, 0];
  // The labels of what is longer than its label: they stay in sight as long as it is.
  #labels: { readonly element: SVGElement; readonly from: number; readonly to: number }[] = [];
  #followed: string | null = null;

  /**
   * @param box The element that it is drawn in.
   * @param onCall Called with a call that was clicked.
   * @param onSeek Called with the index of a moment that was clicked.
   */
  constructor(
    box: HTMLElement,
    onCall: (call: CallSpan) => void,
    onSeek: (index: number) => void,
  ) {
    this.#box = box;
    this.#onCall = onCall;
    this.#onSeek = onSeek;
    // Known at once: a short run may end before the observer calls.
    this.#width = box.clientWidth;
    new ResizeObserver(() => this.#resize()).observe(box);
    box.addEventListener('click', (event) => this.#click(event));
  }

  /** Draws another recording. */
  open(recording: Recording): void {
    this.#recording = recording;
    this.#lanes = layOut(recording);
    this.#build();
  }

  /** Goes to a position, which may lie between two moments. */
  show(position: number): void {
    this.#position = position;
    const place = this.#axis.place(position);
    const least = Math.max(0, this.#axis.width + 2 * EDGE - this.#width);
    this.#scroll = Math.max(0, Math.min(least, place + EDGE - this.#width * STAND));
    const [from, to] = this.#drawn;
    const isDrawn = this.#scroll >= from && this.#scroll + this.#width <= to;
    if (!isDrawn) this.#draw();
    for (const { element, from, to } of this.#labels) {
      const x = Math.max(from, Math.min(to, this.#scroll - EDGE + 6));
      element.setAttribute('x', x.toFixed(1));
    }
    this.#content.setAttribute('transform', `translate(${(EDGE - this.#scroll).toFixed(1)} 0)`);
    this.#cursor.setAttribute(
      'transform',
      `translate(${(place + EDGE - this.#scroll).toFixed(1)} 0)`,
    );
  }

  /** Lets what concerns an item stand out; null: nothing. @param register `k1@0`. */
  follow(register: string | null): void {
    this.#followed = register;
    this.#root.classList.toggle('following', register !== null);
    this.#draw();
  }

  get zoom(): number {
    return this.#zoom;
  }

  set zoom(zoom: number) {
    this.#zoom = zoom;
    this.#build();
  }

  /** A description for screen readers. */
  describe(text: string): void {
    this.#root.setAttribute('aria-label', text);
  }

  #resize(): void {
    const { clientWidth } = this.#box;
    if (clientWidth === this.#width) return;
    this.#width = clientWidth;
    this.#build();
  }

  #build(): void {
    const recording = this.#recording;
    if (recording === null) return;
    this.#axis = new Axis(recording.moments.map(({ at }) => at), this.#zoom);
    const { height, lanes } = this.#lanes;
    const width = this.#width;
    this.#content = svg('g', {});
    this.#cursor = svg(
      'g',
      { class: 'cursor' },
      svg('rect', { class: 'future', x: 0, y: 0, width: width + 20, height }),
      svg('line', { x1: 0, x2: 0, y1: AXIS - 6, y2: height }),
    );
    const label = this.#root.getAttribute('aria-label') ?? 'Time line';
    this.#root = svg(
      'svg',
      { width, height, role: 'img', 'aria-label': label },
      stripes(),
      ...[...lanes.values()].map((lane) => background(lane, width)),
      this.#content,
      this.#cursor,
      ...[...lanes.values()].map(({ title, top }) =>
        svg('text', { class: 'title', x: 8, y: top + 14 }, fitted(title, width))
      ),
    );
    this.#box.replaceChildren(this.#root);
    this.#root.classList.toggle('following', this.#followed !== null);
    this.#drawn = [0, -1];
    this.show(this.#position);
  }

  #draw(): void {
    const recording = this.#recording;
    if (recording === null || this.#width === 0) return;
    const from = this.#scroll - this.#width * BEYOND;
    const to = this.#scroll + this.#width * (1 + BEYOND);
    this.#drawn = [from, to];
    this.#labels = [];
    const first = this.#axis.indexAt(from - EDGE);
    const last = this.#axis.indexAt(to - EDGE);
    const isVisible = ({ begin, end }: Span): boolean => begin <= last && end >= first;
    this.#content.replaceChildren(
      ...this.#drawTimes(from, to, first, last),
      ...recording.faults.filter(isVisible).flatMap((fault) => this.#drawFault(fault)),
      ...recording.pauses.filter(isVisible).flatMap((pause) => this.#drawPause(pause)),
      ...recording.connections.filter(isVisible).flatMap((one) => this.#drawConnection(one)),
      ...recording.packets.filter(isVisible).flatMap((packet) => this.#drawPacket(packet)),
      ...recording.calls.flatMap((call, index) =>
        isVisible(call) ? this.#drawCall(call, index) : []
      ),
      ...this.#drawMarks(first, last),
    );
  }

  #drawTimes(from: number, to: number, first: number, last: number): SVGElement[] {
    const { height } = this.#lanes;
    const ticks = this.#axis.ticks(Math.max(0, from - EDGE), to - EDGE, 120);
    return [
      ...ticks.flatMap(({ place, at }) => [
        svg('line', { class: 'tick', x1: place, x2: place, y1: AXIS - 4, y2: height }),
        svg('text', { class: 'time', x: place, y: 14 }, showTime(at)),
      ]),
      ...this.#axis.waits(first, last).map(({ from, to, wait }) =>
        svg(
          'rect',
          { class: 'wait', x: from + 2, y: AXIS - 5, width: Math.max(1, to - from - 4), height: 3 },
          svg('title', {}, `Nothing happens for ${showTime(wait)}`),
        )
      ),
    ];
  }

  #drawFault(fault: Recording['faults'][number]): SVGElement[] {
    const lane = this.#lanes.lanes.get('faults');
    if (lane === undefined) return [];
    const { begin, end, row, kind, server, client } = fault;
    const x = this.#axis.place(begin);
    const length = Math.max(4, this.#axis.place(end) - x);
    const { top, pitch } = lane.bars;
    const y = top + row * pitch;
    const text = `${showFault(fault)}. ${faultTexts[kind as keyof typeof faultTexts]}`;
    const victims = client === null ? [server] : isOfPath(kind) ? [client, server] : [client];
    const tints = victims.flatMap((name) => {
      const victim = this.#lanes.lanes.get(name);
      if (victim === undefined) return [];
      return [svg('rect', {
        ...{ class: 'tint', x, y: victim.top, width: length, height: victim.height },
      })];
    });
    const label = pitch >= 10 ? [this.#label(showFault(fault), x, y + pitch - 3, length)] : [];
    return [
      ...tints,
      svg(
        'g',
        { class: 'fault', 'data-fault': fault.number },
        svg('title', {}, text),
        svg('rect', { x, y, width: length, height: pitch - 1, rx: 2 }),
        ...label,
      ),
    ];
  }

  #drawPause({ process, kind, begin, end }: Recording['pauses'][number]): SVGElement[] {
    const lane = this.#lanes.lanes.get(process);
    if (lane === undefined) return [];
    const x = this.#axis.place(begin);
    const width = Math.max(2, this.#axis.place(end) - x);
    return [svg(
      'rect',
      { class: kind, x, y: lane.top + 1, width, height: lane.height - 2 },
      svg('title', {}, `${process} is ${kind}`),
    )];
  }

  #drawConnection(connection: Recording['connections'][number]): SVGElement[] {
    const lane = this.#lanes.lanes.get(connection.client);
    if (lane === undefined) return [];
    const { begin, opened, end, cause, isClosed, server, client } = connection;
    const y = linkPlace(lane, connection);
    const [from, open, to] = [begin, opened ?? end, end].map((index) =>
      this.#axis.place(index)
    ) as [
      number,
      number,
      number,
    ];
    const isBroken = isClosed && cause !== null;
    return [svg(
      'g',
      { class: 'connection' },
      svg('title', {}, `Connection of ${client} to ${server}`),
      svg('line', { class: 'dial', x1: from, x2: open, y1: y, y2: y }),
      ...(opened === null ? [] : [svg('line', { x1: open, x2: to, y1: y, y2: y })]),
      ...(isBroken ? [svg('path', { class: 'broken', d: cross(to, y, 3) })] : []),
    )];
  }

  #drawPacket(packet: Recording['packets'][number]): SVGElement[] {
    const { connection, fromClient, begin, end, fate, text } = packet;
    const client = this.#lanes.lanes.get(connection.client);
    const server = this.#lanes.lanes.get(connection.server);
    if (client === undefined || server === undefined) return [];
    const ends = [linkPlace(client, connection), serverPlace(server)] as const;
    const [from, to] = fromClient ? ends : [ends[1], ends[0]];
    const x1 = this.#axis.place(begin);
    const place = this.#axis.place(end);
    // What is lost does not arrive.
    const [x2, y2] = fate === 'lost'
      ? [x1 + (place - x1) * 0.6, from + (to - from) * 0.6]
      : [place, to];
    const classes = ['packet', fromClient ? 'sent' : 'received', fate.replace(' ', '-')];
    const key = this.#followed?.slice(0, this.#followed.lastIndexOf('@'));
    // A cache keeps something of its own beside an item: `c1~fresh`.
    const isAbout = (word: string): boolean => word === key || word.startsWith(`${key}~`);
    if (key !== undefined && text.split(/\s/).some(isAbout)) classes.push('followed');
    const tip = fate === 'lost' ? cross(x2, y2, 3.5) : arrow(x1, from, x2, y2);
    return [svg(
      'g',
      { class: classes.join(' ') },
      svg('title', {}, `${showWay(packet)}: ${firstLine(packet)}`),
      svg('path', { d: `M${coordinates(x1, from)}L${coordinates(x2, y2)}${tip}` }),
    )];
  }

  #drawCall(call: CallSpan, index: number): SVGElement[] {
    const lane = this.#lanes.lanes.get(call.client);
    if (lane === undefined) return [];
    const { top, pitch } = lane.bars;
    const x = this.#axis.place(call.begin);
    const width = Math.max(3, this.#axis.place(call.end) - x - 1);
    const y = top + call.row * pitch;
    const text = `${showCall(call)} → ${showEnd(call)}`;
    const isFollowed = call.items.some(({ register }) => register === this.#followed);
    const classes = ['call', call.outcome, call.isWrite ? 'write' : 'read'];
    if (isFollowed) classes.push('followed');
    const label = pitch >= 12 ? fitted(text, width) : '';
    return [svg(
      'g',
      { class: classes.join(' '), 'data-call': index },
      svg('title', {}, `${call.client}: ${text}`),
      svg('rect', { x, y, width, height: pitch - (pitch > 4 ? 1.5 : 0.5), rx: pitch > 6 ? 3 : 1 }),
      ...(label === '' ? [] : [this.#label(label, x, y + pitch - 4.5, width)]),
    )];
  }

  #label(text: string, x: number, y: number, width: number): SVGElement {
    const element = svg('text', { x: x + 4, y }, text);
    const to = x + width - widthOf(text);
    if (to > x + 4) this.#labels.push({ element, from: x + 4, to });
    return element;
  }

  // What servers did and lost, the end of the faults, and broken laws.
  #drawMarks(first: number, last: number): SVGElement[] {
    const drawn: SVGElement[] = [];
    const { lanes, height } = this.#lanes;
    for (let index = first; index <= last; index++) {
      const moment = this.#recording?.moments[index];
      if (moment === undefined) break;
      const x = this.#axis.place(index);
      if (moment.type === 'applied' || moment.type === 'lost') {
        const lane = lanes.get(moment.server);
        if (lane === undefined) continue;
        const cy = serverPlace(lane);
        const isFollowed = moment.type === 'applied'
          ? moment.item.register === this.#followed
          : this.#followed?.startsWith(`${moment.key}@`) === true;
        const classes = `${moment.type}${isFollowed ? ' followed' : ''}`;
        drawn.push(svg('circle', { class: classes, cx: x, cy, r: 3 }));
      } else if (moment.type === 'closing' || moment.type === 'violation') {
        const text = moment.type === 'closing' ? 'faults end, clients close' : 'a law is broken';
        drawn.push(svg(
          'g',
          { class: moment.type },
          svg('line', { x1: x, x2: x, y1: AXIS - 4, y2: height }),
          svg('text', { x: x + 5, y: height - 4 }, text),
        ));
      }
    }
    return drawn;
  }

  #click(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target.closest('[data-call]') : null;
    const call = this.#recording?.calls[Number(target?.getAttribute('data-call') ?? -1)];
    if (call !== undefined) return this.#onCall(call);
    const x = event.clientX - this.#box.getBoundingClientRect().left;
    this.#onSeek(this.#axis.indexAt(x + this.#scroll - EDGE));
  }
}

/** The space at both ends of the time axis. */
const EDGE = 24;

function serverPlace({ top, height }: Lane): number {
  return top + height - 10;
}

function background(lane: Lane, width: number): SVGElement {
  const { name, top, height } = lane;
  const isServer = name.startsWith('server');
  const y = serverPlace(lane);
  return svg(
    'g',
    { class: isServer ? 'lane server' : 'lane' },
    svg('rect', { x: 0, y: top, width, height, rx: 6 }),
    ...(isServer ? [svg('line', { x1: 0, x2: width, y1: y, y2: y })] : []),
  );
}

// The pattern of what is stopped.
function stripes(): SVGElement {
  return svg(
    'defs',
    {},
    svg(
      'pattern',
      {
        ...{ id: 'stripes', width: 6, height: 6, patternUnits: 'userSpaceOnUse' },
        patternTransform: 'rotate(45)',
      },
      svg('line', { x1: 0, x2: 0, y1: 0, y2: 6 }),
    ),
  );
}

function coordinates(x: number, y: number): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function cross(x: number, y: number, size: number): string {
  const [left, right, top, bottom] = [x - size, x + size, y - size, y + size];
  return `M${coordinates(left, top)}L${coordinates(right, bottom)}` +
    `M${coordinates(left, bottom)}L${coordinates(right, top)}`;
}

function arrow(x1: number, y1: number, x2: number, y2: number): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const tip = (turn: number): string =>
    coordinates(x2 - 5 * Math.cos(angle + turn), y2 - 5 * Math.sin(angle + turn));
  return `M${tip(0.45)}L${coordinates(x2, y2)}L${tip(-0.45)}`;
}
