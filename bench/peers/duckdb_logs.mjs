// DuckDB on workload W3: loads JSON lines into typed columns, or text lines into one column, then
// answers the queries, printing what it cost as JSON.
//
//   node duckdb_logs.mjs json|report FILE DATABASE
import { DuckDBInstance } from '@duckdb/node-api';
import { statSync } from 'node:fs';

const [, , kind, file, database] = process.argv;
const db = await DuckDBInstance.create(database, {
  threads: '1',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
});
const connection = await db.connect();
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const started = cpu();
if (kind === 'json') {
  await connection.run(`CREATE TABLE logs AS SELECT * FROM read_json('${file}',
    format = 'newline_delimited', columns = {timestamp: 'TIMESTAMP', level: 'VARCHAR',
    requestId: 'UUID', customerId: 'VARCHAR', function: 'VARCHAR', method: 'VARCHAR',
    route: 'VARCHAR', status: 'INTEGER', durationMs: 'DOUBLE', bytes: 'BIGINT',
    memoryUsedMB: 'INTEGER', coldStart: 'BOOLEAN', message: 'VARCHAR'})`);
} else {
  await connection.run(`CREATE TABLE logs AS SELECT * FROM read_csv('${file}', delim = '\\x01',
    quote = '', escape = '', header = false, columns = {line: 'VARCHAR'})`);
}
await connection.run('CHECKPOINT');
const result = { load_cpu_seconds: cpu() - started, bytes: statSync(database).size, queries: {} };

const queries =
  kind === 'json'
    ? {
        q1: 'SELECT level, count(*) FROM logs GROUP BY level',
        q2: `SELECT time_bucket(INTERVAL '5 minutes', timestamp) AS t, quantile_cont(durationMs, 0.95)
             FROM logs GROUP BY t`,
        q3: `SELECT customerId, count(*) AS c FROM logs WHERE message LIKE '%timeout%'
             GROUP BY customerId ORDER BY c DESC LIMIT 20`,
        q5: `SELECT * FROM logs WHERE message LIKE '%needle-7f3a9c%'`,
        q6: `SELECT * FROM logs WHERE level = 'ERROR' ORDER BY timestamp DESC LIMIT 1000`,
      }
    : {
        q4: `SELECT m, quantile_cont(d, [0.5, 0.95, 0.99]), max(d), max(u), count(*) FROM (
               SELECT r.m AS m, r.d::DOUBLE AS d, r.u::BIGINT AS u FROM (
                 SELECT regexp_extract(line, 'Duration: ([0-9.]+) ms\\tBilled Duration: ([0-9]+) ms\\tMemory Size: ([0-9]+) MB\\tMax Memory Used: ([0-9]+) MB',
                   ['d', 'b', 'm', 'u']) AS r FROM logs)) GROUP BY m`,
      };
for (const [name, sql] of Object.entries(queries)) {
  const times = [];
  for (let run = 0; run < 4; ++run) {
    const begin = cpu();
    await connection.runAndReadAll(sql);
    times.push(cpu() - begin);
  }
  result.queries[name] = Math.min(...times.slice(1));
}
console.log(JSON.stringify(result));
