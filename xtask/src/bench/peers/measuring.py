"""What all peers share: a line of JSON in, a line of JSON out, and a stopwatch."""
import json
import sys
import time


def measure(run, request):
    """The milliseconds of some runs, at most `repeats`, none begun after `seconds`; and the last result."""
    start, ms, result = time.perf_counter(), [], None
    while not ms or (len(ms) < request["repeats"] and time.perf_counter() - start < request["seconds"]):
        result = None
        begin = time.perf_counter()
        result = run()
        ms.append((time.perf_counter() - begin) * 1e3)
    return ms, result


def serve(version, answer):
    """Says the version, then answers requests until there are no more."""
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
