"""Readers together, a writer alone, and neither starves the other."""

from __future__ import annotations

import threading
import time

from serving.scoring.shared_lock import SharedLock

PATIENCE_S = 20


def test_readers_are_inside_together() -> None:
    lock, inside = SharedLock(), threading.Barrier(3)

    def read() -> None:
        with lock.shared():
            inside.wait(PATIENCE_S)  # breaks unless all three are

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert not inside.broken
    with lock.alone():  # and all are out
        pass


def test_a_writer_is_alone() -> None:
    lock, value, wrong, end = SharedLock(), [0, 0], [0], threading.Event()

    def write() -> None:
        for _ in range(200):
            with lock.alone():
                value[0] += 1
                time.sleep(0)
                value[1] += 1

    def read() -> None:
        while not end.is_set():
            with lock.shared():
                wrong[0] += value[0] != value[1]

    writers = [threading.Thread(target=write) for _ in range(2)]
    readers = [threading.Thread(target=read) for _ in range(3)]
    for one in (*readers, *writers):
        one.start()
    for one in writers:
        one.join(PATIENCE_S)
    end.set()
    for one in readers:
        one.join(PATIENCE_S)
    assert value == [400, 400]
    assert wrong == [0]


def test_each_waits_for_one_turn_of_the_others() -> None:
    lock, order = SharedLock(), list[str]()
    writing, reading = threading.Event(), threading.Event()

    def write(name: str) -> None:
        with lock.alone():
            writing.set()
            reading.wait(PATIENCE_S)
            order.append(name)

    def read() -> None:
        with lock.shared():
            order.append("reader")

    first = threading.Thread(target=write, args=("first",))
    first.start()
    writing.wait(PATIENCE_S)
    reader, second = threading.Thread(target=read), threading.Thread(target=write, args=("second",))
    reader.start()
    while not lock._waiting:
        time.sleep(0.001)
    second.start()
    while lock._writers < 2:
        time.sleep(0.001)
    reading.set()
    for one in (first, reader, second):
        one.join(PATIENCE_S)
    assert order == ["first", "reader", "second"]
