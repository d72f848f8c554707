// The server's answers, as docs/api describes them, and how they are asked for.

export interface Criterion {
  id: string;
  name: string;
  verdict: 'PASS' | 'FAIL' | 'NO DATA';
  value: number | null;
  valueText: string | null;
  unit: string;
  target: { comparison: string; value: number; text: string };
  sampleCount: number;
  confidence: { level: number; low: number; high: number; method: string } | null;
  reason: string;
  notes: { name: string; value: string }[];
  evidence: string[];
}

export interface CriteriaRun {
  generatedAt: string;
  window: string;
  verdict: Criterion['verdict'];
  passed: number;
  failed: number;
  noData: number;
  criteria: Criterion[];
}

export interface TrafficPoint {
  time: string;
  requestsPerMinute: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface LoadTest {
  storedAt: string;
  result: {
    scenario?: string;
    requests?: number;
    concurrency?: number;
    model?: string;
    errorShare?: number;
    requestsPerSecond?: number;
    verdict?: string;
    latencySeconds?: { p50: number; p95: number; p99: number; max: number; avg: number };
  };
}

export interface Traffic {
  generatedAt: string;
  points: TrafficPoint[];
  totals: { requests: number; errors4xx: number; errors5xx: number };
  customers: { total: number; active: number };
  lastLoadtest: LoadTest | null;
}

/** The server wants a key, or another one. */
export class KeyNeeded extends Error {}

const keySlot = 'securebase-key';

export function useKey(key: string): void {
  sessionStorage.setItem(keySlot, key);
}

export async function get<T>(path: string): Promise<T> {
  const key = sessionStorage.getItem(keySlot);
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key}` } : {};
  let response: Response;
  try {
    response = await fetch(`/v1${path}`, { headers, cache: 'no-store' });
  } catch {
    throw new Error('The server does not answer. Is it running?');
  }
  if (response.status === 401 || response.status === 403) throw new KeyNeeded();
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const message = (body as { error?: string } | null)?.error;
    throw new Error(message ?? `The server answered ${response.status}.`);
  }
  return body as T;
}
