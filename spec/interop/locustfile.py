"""Master and worker of a trial alike: tells on standard output, as lines of JSON, what happens, and does what standard input says."""

import json
import logging
import os
import sys
import time

import gevent
from gevent.event import AsyncResult
from gevent.fileobject import FileObject
from locust import User, constant, events, task
from locust.runners import MasterRunner

running = AsyncResult()


def tell(kind, **more):
    sys.stdout.write(json.dumps({"kind": kind, "at": time.time() * 1000, **more}) + "\n")
    sys.stdout.flush()


class Idle(User):
    wait_time = constant(1)

    @task
    def rest(self):
        pass


class Told(logging.Handler):
    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else None
        tell("log", text=record.getMessage(), error=None if error is None else repr(error))


def compute(environment, msg, **_):
    tell("began")
    until = time.monotonic() + msg.data / 1000
    while time.monotonic() < until:
        pass
    tell("ended")


def wait(environment, msg, **_):
    tell("began")
    gevent.sleep(msg.data / 1000)
    tell("ended")


def note(environment, msg, **_):
    tell("noted")


def obey():
    for line in FileObject(0, "r", closefd=False):
        command = json.loads(line)
        runner = running.get()
        if command["do"] == "send":
            runner.send_message(command["type"], command["payload"])
        else:
            tell("state", run=runner.state, ready=len(runner.clients.ready) + len(runner.clients.running))
    os._exit(0)


# From the first moment: a worker whose master is gone must end with the one who started it, too.
gevent.spawn(obey)


@events.init.add_listener
def begin(environment, runner, **_):
    is_master = isinstance(runner, MasterRunner)
    for name in ("locust", "root"):
        logging.getLogger(name).addHandler(Told())
    for handler in (compute, wait, note):
        runner.register_message(handler.__name__, handler)
    beats = environment.events.heartbeat_sent if is_master else environment.events.heartbeat_received
    beats.add_listener(lambda **_: tell("beat"))
    running.set(runner)
    tell("ready", address=f"127.0.0.1:{runner.server.port}" if is_master else "")
