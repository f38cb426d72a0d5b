#!/usr/bin/env python3
"""Run a program at a terminal of its own.

pty_run.py TTY-LOG STDOUT [--answer PROMPT TEXT]... [--signal PROMPT NAME]... -- PROGRAM ARG...

Standard input and error are the terminal, standard output goes to the file STDOUT ('-': to the
terminal as well). What the terminal got is written to TTY-LOG. When PROMPT appears there, TEXT and
a newline are typed, or the signal is sent. Ends with the program's status (128+N for signal N).
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LIMIT_S = 60


def child(stdout, argv):
    if stdout != "-":
        fd = os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(fd, 1)
        os.close(fd)
    os.execvp(argv[0], argv)


def parse(args):
    steps = []
    while args and args[0] != "--":
        steps.append(tuple(args[:3]))
        args = args[3:]
    return steps, args[1:]


def act(step, pid, master):
    kind, _, what = step
    if kind == "--answer":
        os.write(master, what.encode() + b"\n")
    else:
        os.kill(pid, getattr(signal, "SIG" + what))


def watch(pid, master, log, steps):
    seen = b""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            return
        if not data:
            return
        log.write(data)
        seen += data
        if steps and steps[0][1].encode() in seen:
            act(steps.pop(0), pid, master)
            seen = b""
    os.kill(pid, signal.SIGKILL)


def main():
    log_path, stdout = sys.argv[1:3]
    steps, argv = parse(sys.argv[3:])
    pid, master = pty.fork()
    if pid == 0:
        child(stdout, argv)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with open(log_path, "wb") as log:
        watch(pid, master, log, steps)
    status = os.waitpid(pid, 0)[1]
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


main()
