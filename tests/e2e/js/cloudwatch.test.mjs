// @aws-sdk/client-cloudwatch over each protocol that it can speak: AWS JSON 1.0, its default, and
// Smithy RPC v2 CBOR.
import assert from 'node:assert/strict';
import {
  CloudWatchClient,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
  PutMetricStreamCommand,
  paginateGetMetricData,
  paginateListMetrics,
} from '@aws-sdk/client-cloudwatch';
import { AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols';
import { collect, finish, refusal, serverTime, settings, test, unique } from './lib.mjs';

const now = await serverTime();
const minute = new Date(Math.floor(now.getTime() / 60000 - 10) * 60000);
const later = (minutes) => new Date(minute.getTime() + minutes * 60000);

/// Notes what goes over the wire, below everything that the SDK does.
function spied(client) {
  const seen = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      seen.push(args.request);
      return next(args);
    },
    { step: 'deserialize', priority: 'low', name: 'spy' },
  );
  return seen;
}

// Over CBOR this SDK sets the length of a body before it compresses it, and the server would wait
// for the rest: set it again, before the request is signed.
function mendLength(client) {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { body, headers } = args.request;
      if (body?.byteLength !== undefined) headers['content-length'] = `${body.byteLength}`;
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'mendLength' },
  );
}

async function suite(label, more) {
  const client = new CloudWatchClient(settings(more));
  mendLength(client);
  const seen = spied(client);
  const named = (name, body) => test(`cloudwatch ${label}: ${name}`, body);
  const namespace = unique(`Sdk/${label}`);
  const metric = (name, more = {}) => ({ Namespace: namespace, MetricName: name, ...more });

  await named('puts and reads statistics', async () => {
    await client.send(
      new PutMetricDataCommand({
        Namespace: namespace,
        MetricData: [
          { MetricName: 'Latency', Timestamp: minute, Unit: 'Seconds', Values: [1, 2, 3], Counts: [1, 2, 1] },
          { MetricName: 'Latency', Timestamp: later(1), Unit: 'Seconds', Value: 0 },
          {
            MetricName: 'Latency',
            Timestamp: later(1),
            Unit: 'Seconds',
            Dimensions: [{ Name: 'Host', Value: 'a b&c<d>' }],
            StatisticValues: { SampleCount: 2, Sum: 10, Minimum: 4, Maximum: 6 },
            StorageResolution: 1,
          },
        ],
      }),
    );
    const answer = await client.send(
      new GetMetricStatisticsCommand({
        ...metric('Latency'),
        StartTime: minute,
        EndTime: later(5),
        Period: 60,
        Statistics: ['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum'],
        ExtendedStatistics: ['p50', 'TM(10%:90%)'],
      }),
    );
    assert.equal(answer.Label, 'Latency');
    assert.equal(answer.Datapoints.length, 2);
    const [first, second] = answer.Datapoints;
    assert.ok(first.Timestamp instanceof Date);
    assert.equal(first.Timestamp.getTime(), minute.getTime());
    assert.equal(first.Unit, 'Seconds');
    assert.deepEqual(
      [first.SampleCount, first.Sum, first.Average, first.Minimum, first.Maximum],
      [4, 8, 2, 1, 3],
    );
    assert.ok(Math.abs(first.ExtendedStatistics.p50 - 2) <= 0.02);
    assert.equal(second.Sum, 0);
    assert.match(seen.at(-1).headers.authorization, /^AWS4-HMAC-SHA256 /);
    assert.ok(answer.$metadata.requestId);
  });

  await named('reads an exact dimension set', async () => {
    const answer = await client.send(
      new GetMetricStatisticsCommand({
        ...metric('Latency', { Dimensions: [{ Name: 'Host', Value: 'a b&c<d>' }] }),
        StartTime: minute,
        EndTime: later(5),
        Period: 300,
        Statistics: ['Sum', 'Maximum'],
      }),
    );
    assert.equal(answer.Datapoints.length, 1);
    assert.equal(answer.Datapoints[0].Sum, 10);
    assert.equal(answer.Datapoints[0].Maximum, 6);
    assert.equal(answer.Datapoints[0].ExtendedStatistics, undefined);
  });

  await named('answers empty lists, not absent ones', async () => {
    const range = { StartTime: minute, EndTime: later(5) };
    const none = await client.send(
      new GetMetricStatisticsCommand({ ...metric('Nothing'), ...range, Period: 60, Statistics: ['Sum'] }),
    );
    assert.deepEqual(none.Datapoints, []);
    assert.equal(none.Label, 'Nothing');
    const data = await client.send(
      new GetMetricDataCommand({
        ...range,
        MetricDataQueries: [{ Id: 'a', MetricStat: { Metric: metric('Nothing'), Period: 60, Stat: 'Sum' } }],
      }),
    );
    assert.deepEqual(data.MetricDataResults[0].Timestamps, []);
    assert.deepEqual(data.MetricDataResults[0].Values, []);
    assert.equal(data.MetricDataResults[0].StatusCode, 'Complete');
    assert.deepEqual(data.Messages, []);
    const list = await client.send(new ListMetricsCommand({ Namespace: unique('None') }));
    assert.deepEqual(list.Metrics, []);
    assert.equal(list.NextToken, undefined);
  });

  await named('pages through GetMetricData', async () => {
    const query = (id, stat) => ({ Id: id, MetricStat: { Metric: metric('Latency'), Period: 60, Stat: stat } });
    const input = {
      MetricDataQueries: [query('a', 'Sum'), query('b', 'p100')],
      StartTime: minute,
      EndTime: later(5),
      ScanBy: 'TimestampAscending',
      MaxDatapoints: 2,
    };
    const results = await collect(paginateGetMetricData({ client }, input), 'MetricDataResults');
    const values = (id) => results.filter((r) => r.Id === id).flatMap((r) => r.Values);
    const times = results.filter((r) => r.Id === 'a').flatMap((r) => r.Timestamps);
    assert.deepEqual(values('a'), [8, 0]);
    assert.deepEqual(values('b'), [3, 0]);
    assert.deepEqual(times.map((t) => t.getTime()), [minute.getTime(), later(1).getTime()]);
    assert.ok(results.length >= 4);
  });

  await named('compresses a large request', async () => {
    const many = unique('Many');
    const data = Array.from({ length: 600 }, (_, i) => ({
      MetricName: `Metric${i}`,
      Timestamp: minute,
      Value: i,
      Dimensions: [{ Name: 'Number', Value: `${i}` }],
    }));
    await client.send(new PutMetricDataCommand({ Namespace: many, MetricData: data }));
    assert.equal(seen.at(-1).headers['content-encoding'], 'gzip');
    const pages = [];
    for await (const page of paginateListMetrics({ client }, { Namespace: many })) {
      pages.push(page.Metrics.length);
    }
    assert.deepEqual(pages, [500, 100]);
  });

  await named('refuses with names that the SDK knows', async () => {
    const input = { Namespace: namespace, MetricData: [{ MetricName: 'x', Value: 1, Values: [1] }] };
    const combination = await refusal(client.send(new PutMetricDataCommand(input)));
    assert.equal(combination.$metadata.httpStatusCode, 400);
    assert.match(`${combination.name}`, /^InvalidParameterCombination(Exception)?$/);
    assert.match(combination.message, /mutually exclusive/);
    const period = await refusal(
      client.send(
        new GetMetricStatisticsCommand({
          ...metric('x'),
          StartTime: minute,
          EndTime: later(1),
          Period: 61,
          Statistics: ['Sum'],
        }),
      ),
    );
    assert.match(`${period.name}`, /^InvalidParameterValue(Exception)?$/);
    const nan = await refusal(
      client.send(
        new PutMetricDataCommand({ Namespace: namespace, MetricData: [{ MetricName: 'x', Value: NaN }] }),
      ),
    );
    assert.match(nan.message, /The value NaN for parameter MetricData.member.1.Value is invalid/);
    const token = await refusal(client.send(new ListMetricsCommand({ NextToken: 'x' })));
    assert.match(token.message, /NextToken is invalid/);
  });

  await named('says what is not built', async () => {
    const error = await refusal(
      client.send(
        new PutMetricStreamCommand({ Name: 'x', FirehoseArn: 'arn:a', RoleArn: 'arn:b', OutputFormat: 'json' }),
      ),
    );
    assert.equal(error.$metadata.httpStatusCode, 501);
    assert.match(error.name, /NotImplemented/);
    assert.match(error.message, /PutMetricStream/);
  });

  client.destroy();
}

await suite('json', {});
await suite('cbor', { protocol: AwsSmithyRpcV2CborProtocol });
finish();
