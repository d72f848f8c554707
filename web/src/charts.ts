// Requests and latencies of the last minutes.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { TrafficPoint } from './api';
import { byId, element } from './dom';

interface LineStyle {
  label: string;
  colour: string;
}

function cssColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

class LiveChart {
  private plot: uPlot | null = null;

  constructor(
    private readonly box: HTMLElement,
    private readonly lines: LineStyle[],
  ) {
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(box);
    // The colours come from the style sheet: draw again when the theme changes.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.clear());
  }

  show(data: uPlot.AlignedData, hasData: boolean): void {
    if (!hasData) {
      this.clear();
      this.box.replaceChildren(element('p', 'empty', 'No requests in this window yet.'));
      return;
    }
    if (this.plot) {
      this.plot.setData(data);
      return;
    }
    this.box.replaceChildren();
    this.plot = new uPlot(this.options(), data, this.box);
  }

  private clear(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.box.clientWidth), height: 180 };
  }

  private options(): uPlot.Options {
    const axis = {
      stroke: cssColour('--ink-soft'),
      grid: { stroke: cssColour('--line'), width: 1 },
      ticks: { stroke: cssColour('--line'), width: 1 },
    };
    return {
      ...this.size(),
      series: [
        {},
        ...this.lines.map((line) => ({
          label: line.label,
          stroke: cssColour(line.colour),
          width: 2,
          // A lone point has no line: it is drawn as a dot, as are a few.
          points: { show: (_: uPlot, _i: number, from: number, to: number) => to - from < 20 },
          value: (_: uPlot, v: number | null) => (v === null ? '–' : v.toFixed(v < 10 ? 2 : 0)),
        })),
      ],
      axes: [axis, { ...axis, size: 56 }],
      scales: { y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      cursor: { y: false },
    };
  }
}

export class TrafficCharts {
  private readonly rate = new LiveChart(byId('rate-chart'), [
    { label: 'requests', colour: '--series-1' },
  ]);
  private readonly latency = new LiveChart(byId('latency-chart'), [
    { label: 'p50', colour: '--series-1' },
    { label: 'p95', colour: '--series-2' },
    { label: 'p99', colour: '--series-3' },
  ]);

  show(points: TrafficPoint[]): void {
    const times = points.map((p) => Date.parse(p.time) / 1000);
    const any = points.some((p) => p.requestsPerMinute > 0);
    this.rate.show([times, points.map((p) => p.requestsPerMinute)], any);
    this.latency.show(
      [times, points.map((p) => p.p50), points.map((p) => p.p95), points.map((p) => p.p99)],
      any,
    );
  }
}
