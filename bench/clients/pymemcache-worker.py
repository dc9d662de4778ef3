"""pymemcache under the loads that a client without concurrency can do, asked like worker.ts."""

import json
import resource
import sys
import time

from pymemcache.client.base import Client

opening = json.loads(sys.argv[1])
client = Client(("127.0.0.1", opening["ports"][0]))
keys = []
value = b""
operation = "get"


def run(seconds):
    """Works until the time is over; how many operations were done."""
    count = 0
    length = len(keys)
    end = time.perf_counter() + seconds
    # Asking for the time after each operation would cost a hundredth of it.
    while time.perf_counter() < end:
        for _ in range(32):
            key = keys[count % length]
            if operation == "get":
                client.get(key)
            else:
                client.set(key, value, noreply=operation == "quiet set")
            count += 1
    # Sets without a reply have been done when a later command is answered.
    client.get(keys[0])
    return count


def load(asked):
    global keys, value, operation
    operation = asked["load"]["operation"]
    items = asked["load"]["items"]
    if operation not in ("get", "set", "quiet set") or asked["load"]["inFlight"] != 1:
        return False
    keys = [f"key:{opening['firstKey'] + i:08}" for i in range(items["keys"])]
    value = b"x" * items["valueLength"]
    for key in keys:
        client.set(key, value, noreply=False)
    if client.get(keys[0]) != value:
        raise RuntimeError("a value came back otherwise")
    run(asked["seconds"])
    return True


def measure(asked):
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    done = run(asked["seconds"])
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    user = after.ru_utime - before.ru_utime
    system = after.ru_stime - before.ru_stime
    return {
        "count": done,
        "rate": done / elapsed,
        "cpu": (user + system) * 1e6 / done,
        "user": user * 1e6 / done,
    }


def peak(_asked):
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


answers = {"load": load, "measure": measure, "peak": peak}
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(answers[asked["ask"]](asked)), flush=True)
