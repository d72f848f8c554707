// @aws-sdk/client-cloudwatch-logs over its default protocol and over Smithy RPC v2 CBOR.
import assert from 'node:assert/strict';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetQueryResultsCommand,
  PutLogEventsCommand,
  StartLiveTailCommand,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols';
import { finish, refusal, serverTime, settings, test, unique } from './lib.mjs';

const now = await serverTime();

async function suite(label, more) {
  const client = new CloudWatchLogsClient(settings({ disableHostPrefix: true, ...more }));
  const named = (name, body) => test(`logs ${label}: ${name}`, body);
  const logGroupName = unique(`/sdk/${label}`);
  const put = (...messages) =>
    client.send(
      new PutLogEventsCommand({
        logGroupName,
        logStreamName: 's',
        logEvents: messages.map((message, i) => ({ timestamp: now.getTime() - 1000 + i, message })),
      }),
    );

  await named('groups, streams and events', async () => {
    await client.send(new CreateLogGroupCommand({ logGroupName, tags: { team: 'a' } }));
    await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 's' }));
    const { logGroups } = await client.send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }),
    );
    assert.equal(logGroups[0].logGroupName, logGroupName);
    await put('ERROR größe', 'fine');
    const { events } = await client.send(
      new FilterLogEventsCommand({ logGroupName, filterPattern: 'ERROR' }),
    );
    assert.deepEqual(events.map((event) => event.message), ['ERROR größe']);
  });

  await named('a query', async () => {
    const seconds = Math.floor(now.getTime() / 1000);
    const { queryId } = await client.send(
      new StartQueryCommand({
        logGroupNames: [logGroupName],
        startTime: seconds - 3600,
        endTime: seconds + 60,
        queryString: 'stats count(*) as n',
      }),
    );
    let answer;
    do {
      answer = await client.send(new GetQueryResultsCommand({ queryId }));
    } while (['Scheduled', 'Running'].includes(answer.status));
    assert.equal(answer.status, 'Complete');
    assert.deepEqual(answer.results, [[{ field: 'n', value: '2' }]]);
  });

  await named('a malformed query tells the place', async () => {
    const error = await refusal(
      client.send(
        new StartQueryCommand({ logGroupName, startTime: 0, endTime: 1, queryString: 'nosuch x' }),
      ),
    );
    assert.equal(error.name, 'MalformedQueryException');
    assert.equal(error.queryCompileError.location.startCharOffset, 0);
  });

  await named('an unknown group is the error that the SDK names', async () => {
    const error = await refusal(
      client.send(new FilterLogEventsCommand({ logGroupName: unique('none') })),
    );
    assert.equal(error.name, 'ResourceNotFoundException');
  });

  await named('live tail', async () => {
    const { responseStream } = await client.send(
      new StartLiveTailCommand({
        logGroupIdentifiers: [`arn:aws:logs:us-east-1:123456789012:log-group:${logGroupName}`],
        logEventFilterPattern: 'LIVE',
      }),
    );
    const seen = [];
    for await (const event of responseStream) {
      if (event.sessionStart) await put('LIVE one', 'other');
      for (const result of event.sessionUpdate?.sessionResults ?? []) seen.push(result.message);
      if (seen.length) break;
    }
    assert.deepEqual(seen, ['LIVE one']);
  });
}

await suite('json', {});
await suite('cbor', { protocol: AwsSmithyRpcV2CborProtocol });
finish();
