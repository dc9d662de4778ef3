// The theme of the site: that of VitePress, without its fonts, and two components.
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { BenchmarkChart } from './benchmark-chart.ts';
import { PlaygroundFrame } from './playground-frame.ts';
import 'uplot/dist/uPlot.min.css';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('BenchmarkChart', BenchmarkChart);
    app.component('PlaygroundFrame', PlaygroundFrame);
  },
} satisfies Theme;
