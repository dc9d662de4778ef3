import { type BareSocket, openSocket } from './open-socket.ts';
import type { Script } from './script.ts';

/**
 * Keeps a number of commands of a script in flight on one connection. It sends bytes that were made
 * beforehand and only counts what comes back, so that it costs as little as a client can.
 */
export class Driver {
  #socket: BareSocket | null = null;
  #script: Script | null = null;
  #isOver: () => boolean = () => true;
  #onIdle: () => void = () => {};
  #onError: (error: Error) => void = () => {};
  // Positions in the endless repetition of the script, in commands.
  #sent = 0;
  #answered = 0;
  // Bytes of the reply at #answered that have come, and where in the lap it starts.
  #received = 0;
  #checking = false;

  private constructor() {}

  static async open(port: number): Promise<Driver> {
    const driver = new Driver();
    driver.#socket = await openSocket(port, {
      onData: (chunk) => driver.#take(chunk),
      onEnd: (error) => driver.#onError(error),
    });
    return driver;
  }

  /** How many replies came since the run began. */
  get answered(): number {
    return this.#answered;
  }

  /**
   * Runs a script over and over; resolves when `isOver`, asked after each chunk of replies, has said
   * so and the last reply is in. The first lap is compared with what the replies must be.
   */
  run(script: Script, inFlight: number, isOver: () => boolean): Promise<void> {
    this.#script = script;
    this.#isOver = isOver;
    this.#sent = this.#answered = this.#received = 0;
    this.#checking = true;
    return new Promise((resolve, reject) => {
      this.#onIdle = resolve;
      this.#onError = reject;
      this.#send(script, inFlight);
    });
  }

  close(): void {
    this.#onError = () => {};
    this.#socket?.close();
  }

  #take(chunk: Uint8Array): void {
    const script = this.#script;
    if (script === null) return;
    const { replyEnds, count } = script;
    let received = this.#received + chunk.length;
    if (this.#checking) this.#check(script, chunk);
    let lap = this.#answered % count;
    const before = this.#answered;
    while (replyEnds[lap + 1]! <= received && this.#answered < this.#sent) {
      this.#answered++;
      if (++lap < count) continue;
      received -= replyEnds[count]!;
      lap = 0;
      this.#checking = false;
    }
    this.#received = received;
    if (!this.#isOver()) this.#send(script, this.#answered - before);
    else if (this.#answered === this.#sent) this.#onIdle();
  }

  #check({ replies }: Script, chunk: Uint8Array): void {
    const left = Math.min(chunk.length, replies.length - this.#received);
    const wanted = replies.subarray(this.#received, this.#received + left);
    if (Buffer.compare(chunk.subarray(0, left), wanted) === 0) return;
    const text = Buffer.from(chunk.subarray(0, 100)).toString('latin1');
    this.#onError(new Error(`a wrong reply somewhere in ${JSON.stringify(text)}`));
    this.#socket?.close();
  }

  #send(script: Script, commands: number): void {
    const { requests, requestEnds, count } = script;
    let left = commands;
    while (left > 0) {
      const lap = this.#sent % count;
      const some = Math.min(left, count - lap);
      this.#socket!.write(requests.subarray(requestEnds[lap], requestEnds[lap + some]));
      this.#sent += some;
      left -= some;
    }
  }
}
