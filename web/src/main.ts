// The first page: seven criteria, live traffic, the last load test, what to try next.
import './style.css';
import { get, KeyNeeded, useKey, type CriteriaRun, type Traffic } from './api';
import { TrafficCharts } from './charts';
import { byId } from './dom';
import { showLoadTest, showNext } from './side';
import { showTiles } from './tiles';

const refreshMs = 5000;
const trendRuns = 60;

const charts = new TrafficCharts();
const windowChoice = byId<HTMLSelectElement>('window');
const problem = byId('problem');
const keyForm = byId<HTMLFormElement>('key-form');
let timer = 0;

async function refresh(): Promise<void> {
  clearTimeout(timer);
  try {
    const window = encodeURIComponent(windowChoice.value);
    const [run, earlier, traffic] = await Promise.all([
      get<CriteriaRun>(`/criteria?window=${window}&record=false`),
      get<{ runs: CriteriaRun[] }>(`/criteria/runs?limit=${trendRuns}`),
      get<Traffic>(`/monitoring/summary?window=${window}`),
    ]);
    problem.hidden = true;
    keyForm.hidden = true;
    showTiles(run, earlier.runs);
    charts.show(traffic.points);
    showLoadTest(traffic.lastLoadtest);
    byId('footer').textContent =
      `${traffic.customers.active} active customers · ${traffic.totals.requests.toLocaleString()} ` +
      `requests in this window · read ${new Date(traffic.generatedAt).toLocaleTimeString()}`;
  } catch (error) {
    if (error instanceof KeyNeeded) {
      keyForm.hidden = false;
      byId('verdict').textContent = 'A key is needed';
      return; // until there is one
    }
    problem.hidden = false;
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
  timer = setTimeout(() => void refresh(), refreshMs);
}

keyForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const input = byId<HTMLInputElement>('key');
  useKey(input.value.trim());
  input.value = '';
  void refresh();
});
windowChoice.addEventListener('change', () => void refresh());
// A hidden tab asks nothing; it catches up when it is seen again.
document.addEventListener('visibilitychange', () => {
  clearTimeout(timer);
  if (!document.hidden) void refresh();
});

showNext();
void refresh();
