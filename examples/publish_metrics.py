#!/usr/bin/env python3
"""Publishes the custom metrics of the users' code, through boto3, to a SecureBase server.

    ENDPOINT=http://127.0.0.1:8080 examples/publish_metrics.py
"""
import os
from datetime import datetime

import boto3

cloudwatch = boto3.client(
    'cloudwatch',
    endpoint_url=os.environ.get('ENDPOINT', 'http://127.0.0.1:8080'),
    region_name=os.environ.get('AWS_DEFAULT_REGION', 'us-east-1'),
    aws_access_key_id=os.environ.get('AWS_ACCESS_KEY_ID', 'test'),
    aws_secret_access_key=os.environ.get('AWS_SECRET_ACCESS_KEY', 'test'),
)


def publish_analytics_metrics(customer_id, metrics):
    """Publish custom metrics to CloudWatch"""
    metric_data = [
        {
            'MetricName': 'QueryExecutionTime',
            'Value': metrics['execution_time'],
            'Unit': 'Seconds',
            'Timestamp': datetime.utcnow(),
            'Dimensions': [
                {'Name': 'CustomerId', 'Value': customer_id},
                {'Name': 'QueryType', 'Value': metrics['query_type']},
            ],
        },
        {
            'MetricName': 'ResultSetSize',
            'Value': metrics['result_count'],
            'Unit': 'Count',
            'Timestamp': datetime.utcnow(),
            'Dimensions': [{'Name': 'CustomerId', 'Value': customer_id}],
        },
        {
            'MetricName': 'CacheHitRate',
            'Value': metrics['cache_hit'] and 1 or 0,
            'Unit': 'None',
            'Timestamp': datetime.utcnow(),
        },
    ]
    cloudwatch.put_metric_data(Namespace='SecureBase/Analytics', MetricData=metric_data)


if __name__ == '__main__':
    for i in range(10):
        publish_analytics_metrics(
            'acme',
            {'execution_time': 0.05 + i / 100, 'query_type': 'service', 'result_count': 10 + i,
             'cache_hit': i % 2},
        )
    print('published 10 sets of metrics')
