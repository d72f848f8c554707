#!/usr/bin/env python3
"""
Load test for Phase 4 Analytics API
Tests query execution time under load
"""

import os
import requests
import time
import statistics
from concurrent.futures import ThreadPoolExecutor, as_completed

API_BASE = os.environ.get("API_BASE", "http://127.0.0.1:8080/v1")
API_KEY = os.environ.get("API_KEY", "any")
HEADERS = {"Authorization": f"Bearer {API_KEY}"}

def query_analytics(customer_id, date_range='30d'):
    """Execute analytics query"""
    start = time.time()
    
    response = requests.get(
        f"{API_BASE}/analytics",
        headers=HEADERS,
        params={
            'dateRange': date_range,
            'dimension': 'service'
        }
    )
    
    duration = time.time() - start
    
    return {
        'status': response.status_code,
        'duration': duration,
        'size': len(response.content)
    }

def load_test(num_requests=100, concurrency=10):
    """Run load test"""
    print(f"Starting load test: {num_requests} requests, {concurrency} concurrent")
    
    durations = []
    errors = 0
    
    with ThreadPoolExecutor(max_workers=concurrency) as executor:
        futures = [
            executor.submit(query_analytics, 'test-customer')
            for _ in range(num_requests)
        ]
        
        for future in as_completed(futures):
            result = future.result()
            durations.append(result['duration'])
            
            if result['status'] != 200:
                errors += 1
    
    # Calculate statistics
    p50 = statistics.median(durations)
    p95 = statistics.quantiles(durations, n=20)[18]  # 95th percentile
    p99 = statistics.quantiles(durations, n=100)[98]  # 99th percentile
    
    print("\n=== Load Test Results ===")
    print(f"Total requests: {num_requests}")
    print(f"Errors: {errors} ({errors/num_requests*100:.2f}%)")
    print(f"P50: {p50:.3f}s")
    print(f"P95: {p95:.3f}s ({'✓ PASS' if p95 < 5.0 else '✗ FAIL'})")
    print(f"P99: {p99:.3f}s")
    print(f"Min: {min(durations):.3f}s")
    print(f"Max: {max(durations):.3f}s")
    print(f"Avg: {statistics.mean(durations):.3f}s")

if __name__ == '__main__':
    load_test(num_requests=100, concurrency=10)
