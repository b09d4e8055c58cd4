"""The layout of the dependency graph."""

from __future__ import annotations

import random
import time

from standfast.web.rails import ROWS_SHOWN, Arc, rails


def test_what_is_needed_stands_above_and_who_stands_alone_is_not_drawn() -> None:
    needs = {"c": ("b",), "b": ("a",), "a": (), "alone": (), "d": ("a", "not-watched")}
    found = rails(needs, {})

    assert found.units == ("a", "b", "d", "c")
    assert set(found.arcs) == {Arc(0, 1, True), Arc(0, 2, True), Arc(1, 3, True)}
    assert found.left_out == 0


def test_an_order_that_follows_from_another_arc_is_not_drawn_twice() -> None:
    needs = {"a": (), "b": ("a",), "c": ("b",), "d": ()}
    after = {"b": ("a",), "c": ("a", "b"), "d": ("c", "a")}

    assert set(rails(needs, after).arcs) == {Arc(0, 1, True), Arc(1, 2, True), Arc(2, 3, False)}


def test_units_that_need_each_other_are_drawn_all_the_same() -> None:
    found = rails({"a": ("b", "a"), "b": ("a",)}, {})

    assert sorted(found.units) == ["a", "b"]
    assert found.arcs == (Arc(0, 1, True), Arc(0, 1, True))


def test_of_very_many_the_worst_and_their_neighbours_are_drawn() -> None:
    needs = {f"u{number:03}": (f"u{number - 1:03}",) if number else () for number in range(1000)}
    found = rails(needs, {}, worst=["u500"])

    assert found.units == ("u499", "u500", "u501")
    assert found.left_out == 997
    assert len(rails(needs, {}).units) == ROWS_SHOWN


def test_a_thousand_units_that_are_all_ordered_and_all_fail_are_laid_out_at_once() -> None:
    """What follows from what is found out for those drawn only; for all of them it took seven seconds."""
    names = [f"u{number:03}" for number in range(1000)]
    after = {name: names[:row] for row, name in enumerate(names)}
    began_s = time.process_time()
    found = rails(dict.fromkeys(names, ()), after, worst=names)

    assert time.process_time() - began_s < 1
    assert len(found.units) == ROWS_SHOWN
    assert len(found.arcs) == ROWS_SHOWN - 1


def test_any_graph_without_a_circle_is_drawn_downwards() -> None:
    chance = random.Random(7)
    for _ in range(300):
        names = [f"u{number}" for number in range(chance.randint(1, 12))]
        needs = {name: chance.sample(names[:row], chance.randint(0, min(row, 3))) for row, name in enumerate(names)}
        found = rails(needs, {name: names[:row] for row, name in enumerate(names)})
        row = {name: number for number, name in enumerate(found.units)}
        for name in found.units:
            assert all(row[other] < row[name] for other in needs[name])
