"""Measures operations of the original, for `aios bench kernel` and `aios bench storage`.

Its checkout is the only argument; nothing of it is changed. One JSON request a line comes in,
{"op", "scratch", "forMs", "callers", "db": "memory" | "disk", "isTimedEach"}, and one JSON answer a line goes out, {"perSecond", "p99Us"} or {"error"}.
A first request for an operation makes what it works on; later ones go on with it.
"""

import asyncio
import importlib.util
import itertools
import json
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(sys.argv[1])
SCRATCH = Path()
AGENTS = 64


def load(name):
    """By its file, for its package imports parts that are not there."""
    spec = importlib.util.spec_from_file_location(name.replace("/", "_"), ROOT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# ── in memory: (what runs, how many operations that is) ─────────────────────


def contexts():
    return load("kernel/context_manager").ContextManager(snapshot_dir=SCRATCH)


def memory(limit_mb):
    return load("kernel/memory_manager").MemoryManager(global_limit_mb=limit_mb)


def create():
    manager = load("kernel/context_manager").ContextManager

    def run(_):
        made = manager(snapshot_dir=SCRATCH)
        for index in range(100):
            made.create(f"agent-{index}", metadata={"role": "worker"})

    return run, 100


def switch():
    made = contexts()
    made.create("a1")
    made.create("a2")

    def run(index):
        pair = ("a1", "a2") if index % 2 == 0 else ("a2", "a1")
        made.switch(*pair, save_state={"step": index})

    return run, 1


def message():
    context = contexts().create("agent")
    return lambda _: context.add_message("user", "hello world"), 1


def check_limits():
    made = contexts()
    context = made.create("agent")
    context.tokens_used, context.actions_taken = 25_000, 100
    return lambda _: made.check_limits("agent"), 1


def save_restore():
    made = contexts()
    made.create("agent")

    def run(_):
        made.save("agent", {"key": "value"})
        made.restore("agent")

    return run, 1


def allocate():
    made = memory(1024)
    made.register("agent", quota_mb=512)

    def run(index):
        made.allocate("agent", 1024)
        if index % 100 == 99:
            made.release("agent", 100 * 1024)

    return run, 1


def release():
    made = memory(1024)
    made.register("agent", quota_mb=512)

    def run(index):
        if index % 100 == 0:
            made.allocate("agent", 100 * 1024)
        made.release("agent", 1024)

    return run, 1


def evict():
    manager = load("kernel/memory_manager").MemoryManager

    def run(_):
        made = manager(global_limit_mb=100)
        for index in range(80):
            made.register(f"agent-{index}")
            made.allocate(f"agent-{index}", 1024 * 1024)
        made.evict_lru(target_free_bytes=50 * 1024 * 1024)

    return run, 1


IN_MEMORY = {
    "create": create,
    "switch": switch,
    "message": message,
    "check-limits": check_limits,
    "save-restore": save_restore,
    "allocate": allocate,
    "release": release,
    "evict": evict,
}

# ── stored: a coroutine function of the operation's number ──────────────────


async def storage(db):
    made = load("storage/storage_manager").StorageManager(db)
    await made.initialize()
    return made


def snapshots():
    made = contexts()
    for agent in range(AGENTS):
        context = made.create(f"agent-{agent}")
        for index in range(50):
            context.add_message("user", f"message {index}")
    return made


async def snapshot(_):
    made = snapshots()

    async def run(index):
        made.snapshot(f"agent-{index % AGENTS}")

    return run


async def load_snapshot(_):
    made = snapshots()
    made.snapshot_all()

    async def run(index):
        made.load_snapshot(f"agent-{index % AGENTS}")

    return run


async def save_state(db):
    made = await storage(db)

    async def run(index):
        await made.save_agent_state(
            f"agent-{index % 1000}", "worker", "busy", goal=f"task-{index}", stats={"score": index}
        )

    return run


async def get_state(db):
    made = await storage(db)
    for index in range(1000):
        await made.save_agent_state(f"agent-{index}", "worker", "busy", goal=f"task-{index}", stats={"score": index})
    return lambda index: made.get_agent_state(f"agent-{index % 1000}")


async def log_event(db):
    made = await storage(db)
    return lambda index: made.log_event(f"test.event.{index % 10}", {"index": index})


async def list_events(db):
    made = await storage(db)
    for index in range(1000):
        await made.log_event(f"test.event.{index % 10}", {"index": index})
    return lambda _: made.list_events(event_type="test.event.5", limit=50)


async def log_task(db):
    made = await storage(db)
    return lambda index: made.log_task(f"task-{index}", f"agent-{index % 10}", "code")


async def get_task(db):
    made = await storage(db)
    for index in range(1000):
        await made.log_task(f"task-{index}", f"agent-{index % 10}", "code")
    return lambda index: made.get_task(f"task-{index % 1000}")


STORED = {
    "snapshot": snapshot,
    "load": load_snapshot,
    "save-state": save_state,
    "get-state": get_state,
    "log-event": log_event,
    "list-events": list_events,
    "log-task": log_task,
    "get-task": get_task,
}


def measure(run, count, numbers, seconds):
    done = 0
    began = time.perf_counter()
    until = began + seconds
    batch = max(1, 100 // count)
    while time.perf_counter() < until:
        for _ in range(batch):
            run(next(numbers))
        done += batch
    return {"perSecond": done * count / (time.perf_counter() - began), "p99Us": None}


def measure_each(run, numbers, seconds):
    times = []
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        at = time.perf_counter()
        run(next(numbers))
        times.append((time.perf_counter() - at) * 1e6)
    return {"perSecond": len(times) / (time.perf_counter() - began), "p99Us": sorted(times)[int(len(times) * 0.99)]}


async def measure_stored(run, callers, numbers, seconds):
    began = time.perf_counter()
    done = 0

    async def call():
        nonlocal done
        while time.perf_counter() < began + seconds:
            await run(next(numbers))
            done += 1

    await asyncio.gather(*(call() for _ in range(callers)))
    return {"perSecond": done / (time.perf_counter() - began), "p99Us": None}


async def main():
    global SCRATCH
    made = {}
    for line in sys.stdin:
        request = json.loads(line)
        SCRATCH = Path(request["scratch"])
        op, seconds = request["op"], request["forMs"] / 1000
        try:
            key = (op, request["db"])
            if key not in made:
                db = ":memory:" if request["db"] == "memory" else str(SCRATCH / f"{op}.db")
                work = IN_MEMORY[op]() if op in IN_MEMORY else await STORED[op](db)
                made[key] = (work, itertools.count())
            work, numbers = made[key]
            if op in STORED:
                answer = await measure_stored(work, request["callers"], numbers, seconds)
            elif request["isTimedEach"]:
                answer = measure_each(work[0], numbers, seconds)
            else:
                answer = measure(*work, numbers, seconds)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
