"""What hasse_evaluate says of a network, beside what the run said that made it."""
import re
import subprocess
import sys


def evaluated(program, weights, *options, cwd=None):
    """Exit code, shares of right answers by split, and everything that was printed; of weights or of an ONNX file."""
    option = "--net" if str(weights).endswith(".onnx") else "--weights"
    done = subprocess.run([str(program), option, str(weights), *map(str, options)], capture_output=True, text=True, cwd=cwd)
    found = re.findall(r": (\d+) of (\d+) (validation|test) images right", done.stdout)
    return done.returncode, {split: int(right) / int(count) for right, count, split in found}, done.stdout + done.stderr


def same_as_reported(program, weights, validation, test, cwd=None):
    """Without options the numbers of the run's report come again, exactly."""
    code, shares, printed = evaluated(program, weights, cwd=cwd)
    if code != 0 or shares != {"validation": validation, "test": test}:
        sys.exit(f"{weights}: reported {validation} and {test}, evaluated {shares}, exit code {code}: {printed}")
