"""Tells which Locust this Python has, and on what it stands."""

import json
import platform
import time

import gevent
import locust
import msgpack
import zmq

names = {"Locust": locust, "pyzmq": zmq, "gevent": gevent}
versions = {name: module.__version__ for name, module in names.items()}
versions["msgpack"] = ".".join(map(str, msgpack.version))
versions["Python"] = platform.python_version()
print(json.dumps({"kind": "versions", "at": time.time() * 1000, "versions": versions}), flush=True)
