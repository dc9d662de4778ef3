// The playground in a page of the site: its own page, on the server that runs in it.
import { useData, withBase } from 'vitepress';
import { defineComponent, h, onMounted, ref, watch } from 'vue';

/** A frame with the playground, in the colours of the page around it. */
export const PlaygroundFrame = defineComponent(() => {
  const { isDark } = useData();
  const frame = ref<HTMLIFrameElement>();
  const paint = (): void => {
    const root = frame.value?.contentDocument?.documentElement;
    root?.style.setProperty('color-scheme', isDark.value ? 'dark' : 'light');
  };
  onMounted(paint);
  watch(isDark, paint);
  return () =>
    h('iframe', {
      ref: frame,
      class: 'playground',
      title: 'Playground',
      src: withBase('/playground/index.html'),
      onLoad: paint,
    });
});
