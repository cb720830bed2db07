"""A program that a test drives in a folder of its own."""
import pathlib
import subprocess
import sys


class Driven:
    def __init__(self, program, folder):
        self.program, self.folder = str(pathlib.Path(program).resolve()), folder
        self.landed = 0  # kills that met a program at work

    def start(self, *arguments):
        return subprocess.Popen([self.program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)

    def done(self, *arguments):
        """What it prints; a program that fails ends the test."""
        process = self.start(*arguments)
        out, problems = process.communicate()
        if process.returncode != 0:
            sys.exit(f"{arguments} failed with {process.returncode}: {problems}")
        return out

    def refused(self, sentence, *arguments):
        """Exit code 2, and the sentence in the last line of what it says."""
        process = self.start(*arguments)
        problems = process.communicate()[1].strip().splitlines()
        if process.returncode != 2 or not problems or sentence not in problems[-1]:
            sys.exit(f"{arguments} should be refused with '{sentence}', but ended with {process.returncode}: {problems}")

    def killed(self, times, seconds, *arguments):
        """Starts the command again and again, kills it after `seconds()`, then lets it end. What it printed."""
        for _ in range(times):
            process = self.start(*arguments)
            try:
                problems = process.communicate(timeout=seconds())[1]
                if process.returncode != 0:
                    sys.exit(f"{arguments} refused to go on after a kill: {problems}")
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.landed += 1
        return self.done(*arguments)


def changed(arguments, option, value):
    """The arguments with another value of one option."""
    at = arguments.index(option) + 1
    return [*arguments[:at], value, *arguments[at + 1:]]
