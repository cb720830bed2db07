#!/usr/bin/env python3
"""An engine for 07_ask_tell: starts it, answers every question, prints the frontier. Usage: 07_engine.py PROGRAM"""
import json
import re
import subprocess
import sys


def train(architecture):
    """Stands for a training: any number that grows with the network, and less and less."""
    widths = [int(width) for width in re.findall(r"\d+", architecture)]
    return 1 - 1 / (1 + sum(width**0.5 for width in widths))


search = subprocess.Popen(sys.argv[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
for line in search.stdout:
    message = json.loads(line)
    if "ask" in message:
        answer = {"tell": message["ask"], "accuracy": train(message["ask"])}
        print(json.dumps(answer), file=search.stdin, flush=True)
    elif "error" in message:
        sys.exit(message["error"])
    elif "end" in message:
        print(f"{message['trained']} trained, {message['pruned']} pruned: {message['end']}")
        for point in message["frontier"]:
            print(f"{point['latency_ms']:8.4f}  {point['accuracy']:.4f}  {point['candidate']}")
sys.exit(search.wait())
