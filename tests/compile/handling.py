"""Small functions that raise and handle; test_handling.py compares each with itself, run by CPython."""

import sys


class Odd(Exception):
    pass


class Worse(Odd):
    pass


LOG = []


def note(*what):
    LOG.append(what)


def maybe(k, kinds):
    """Raises the k-th of the kinds, if there is one that many."""
    if k < len(kinds) and kinds[k] is not None:
        raise kinds[k](k)
    return k


def handled():
    """What a callee sees of the exception that its caller is handling."""
    error = sys.exc_info()[1]
    note("handled", type(error).__name__, error.args if error else None)


# -- one try ------------------------------------------------------------------------------------------------------


def lookup(keys, table):
    total = missing = 0
    for key in keys:
        try:
            total += table[key]
        except KeyError:
            missing += 1
    return total, missing


def arithmetic(xs, y):
    total = 0.0
    for x in xs:
        try:
            total += x / y
            total += 10 // x
        except ZeroDivisionError:
            total -= 1
    return total


def indices(xs, n):
    good = bad = 0
    for i in range(n):
        try:
            good += xs[i]
        except IndexError:
            bad += i
    return good, bad


def overflow_in_try(n):
    x = 1
    for i in range(n):
        try:
            x = x * 3 + i
        except ValueError:
            x = -1
    return x


def which(kinds):
    out = []
    for k in range(len(kinds) + 1):
        try:
            maybe(k, kinds)
        except (KeyError, IndexError) as error:
            out.append(("lookup", type(error).__name__, error.args))
        except Worse:
            out.append("worse")
        except Odd as odd:
            out.append(repr(odd))
        else:
            out.append("fine")
        handled()
    return out


def bare(kinds):
    out = []
    for k in range(3):
        try:
            out.append(maybe(k, kinds))
        except:  # noqa: E722
            handled()
            out.append(-1)
    return out


def unmatched(kinds):
    try:
        for k in range(5):
            maybe(k, kinds)
    except TypeError:
        return "type"
    return "none"


def name_is_gone(flag):
    error = 1
    try:
        if flag:
            raise Odd(flag)
    except Odd as error:
        note(error.args)
    return error


def name_deleted_inside(flag):
    try:
        raise Odd(flag)
    except Odd as error:
        if flag:
            del error
    return flag


def name_after_failure(kinds):
    try:
        try:
            raise Odd("first")
        except Odd as error:
            note(error.args)
            maybe(0, kinds)
    except ValueError:
        return error  # noqa: F821
    return "unreached"


def values_at_the_raise(kinds):
    a = b = c = 0
    for k in range(6):
        try:
            a = k
            maybe(k, kinds)
            b = k
            c = maybe(k, kinds[1:])
            a = b + c
        except Odd:
            note(a, b, c)
    return a, b, c


def unbound_in_handler(kinds):
    try:
        maybe(0, kinds)
        x = 1
        maybe(1, kinds)
    except Odd:
        return x
    return x + 1


def unpacking(pairs):
    a = b = None
    out = []
    for pair in pairs:
        try:
            a, b = pair
        except (ValueError, TypeError) as error:
            out.append(str(error))
        out.append((a, b))
    return out


def items_and_names(xs, i):
    a = 0
    try:
        a, xs[i], b = 1, 2, 3
    except IndexError:
        return a, xs
    return a, b, xs


# -- finally ------------------------------------------------------------------------------------------------------


def finally_all_ways(kinds, how):
    for k in range(3):
        try:
            note("try", k)
            maybe(k, kinds)
            if how == "break":
                break
            if how == "continue":
                continue
            if how == "return":
                return note("value")
        finally:
            note("finally", k)
            handled()
        note("after", k)
    else:
        note("else")
    return "end"


def finally_overrides(kinds, how):
    for k in range(3):
        try:
            maybe(k, kinds)
            note(k)
        finally:
            if how == "break":
                break
            if how == "continue":
                continue
            if how == "return":
                return k
    return "end"


def finally_raises(kinds):
    try:
        maybe(0, kinds)
    finally:
        maybe(1, kinds)
    return "end"


def everything(kinds):
    out = []
    try:
        try:
            out.append("body")
            maybe(0, kinds)
        except Odd as odd:
            out.append(repr(odd))
            maybe(1, kinds)
        else:
            out.append("else")
            maybe(2, kinds)
        finally:
            out.append("finally")
            maybe(3, kinds)
    finally:
        note(list(out))
    return out


def nested_loops(kinds):
    count = 0
    for i in range(4):
        try:
            for j in range(4):
                try:
                    if j == i:
                        continue
                    if j == 3:
                        break
                    count += maybe(i + j, kinds) or 1
                finally:
                    count += 100
        except Odd:
            count += 10000
            if i == 2:
                return count
    return count


def return_in_handler(kinds):
    for k in range(3):
        try:
            maybe(k, kinds)
        except Odd as error:
            try:
                return error.args
            finally:
                handled()
    handled()
    return None


def break_out_of_handler(kinds):
    for k in range(5):
        try:
            maybe(k, kinds)
        except Odd as error:
            note(error.args)
            break
    handled()
    return k


def loop_in_handler(n):
    total = 0
    try:
        raise Odd(n)
    except Odd as error:
        for i in range(n):
            total += i * error.args[0]
        handled()
    handled()
    return total


def loop_in_finally(n):
    total = 0
    try:
        total += 1 // n
    finally:
        for i in range(2000):
            total += i
        note(total)
    return total


# -- raising again --------------------------------------------------------------------------------------------------


def again(kinds):
    try:
        maybe(0, kinds)
    except Odd:
        note("again")
        raise
    except KeyError as error:
        raise ValueError("chained") from error
    except IndexError:
        raise ValueError("context")
    return "end"


def again_by_name(kinds):
    try:
        maybe(0, kinds)
    except Exception as error:
        raise error
    return "end"


def nothing_to_raise():
    raise


def raise_in_callee(kinds):
    try:
        maybe(0, kinds)
    except Odd:
        nothing_to_raise()


def bad_class(wanted):
    try:
        raise Odd(1)
    except wanted:
        return "caught"


def failing_class(kinds):
    try:
        raise Odd(1)
    except maybe(0, kinds):
        return "caught"


def deep(kinds):
    try:
        try:
            try:
                maybe(0, kinds)
            except Odd:
                maybe(1, kinds)
        except KeyError:
            maybe(2, kinds)
            handled()
    except ValueError as error:
        handled()
        return type(error.__context__).__name__, type(error.__context__.__context__).__name__
    handled()
    return "end"


def assertion(x):
    try:
        assert x > 0, "small"
    except AssertionError as error:
        return error.args
    return x


def iteration_raises(xs):
    out = []
    try:
        for x in xs:
            out.append(x)
    except Odd as odd:
        out.append(repr(odd))
    return out


def comprehension_in_try(xs):
    try:
        return [1 // x for x in xs]
    except ZeroDivisionError as error:
        lines, trace = [], error.__traceback__
        while trace:
            lines.append((trace.tb_lineno, trace.tb_frame.f_code.co_name))
            trace = trace.tb_next
        return lines


def conditional_temporaries(xs, flag):
    total = 0
    for x in xs:
        try:
            total = total + (x if flag else maybe(0, [Odd])) + 1 // x
        except (Odd, ZeroDivisionError):
            total += 1000
    return total


def often(xs):
    """Half of the rounds raise, in a loop that is long enough to be entered natively in the middle."""
    good = bad = 0
    for x in xs:
        try:
            if x % 2:
                raise Odd(x)
            good += x
        except Odd as error:
            bad += error.args[0]
    return good, bad


def often_in_native_code(xs):
    good = bad = 0
    for i in range(len(xs)):
        try:
            good += 1 // xs[i]
        except ZeroDivisionError:
            bad += i
    return good, bad


def recursion(n):
    try:
        return recursion(n + 1)
    except RecursionError:
        return -1


def retry(kinds):
    tries = 0
    while True:
        try:
            tries += 1
            maybe(tries, kinds)
        except Odd:
            continue
        except KeyError:
            tries += 10
        else:
            break
    return tries


def only_finally_in_loop(xs):
    n = 0
    for x in xs:
        try:
            n += x
        finally:
            n += 1
    return n


class Iterator:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise Odd("ran out")
        return self.n


CALLS = {
    lookup: ["[1, 2, 9, 1], {1: 10, 2: 20}", "list(range(3000)), {k: k for k in range(0, 3000, 3)}", "[[]], {}"],
    arithmetic: ["[1.0, 2.0], 2.0", "[1, 0, 4] * 700, 2", "[1, 2], 0", "[1.5, 0.0], 0.0", "['x'], 1"],
    indices: ["[1, 2, 3], 5", "[1] * 2000, 2500", "[1, 'x'], 2"],
    overflow_in_try: ["10", "100", "1000"],
    which: ["[None, KeyError, IndexError, Odd, Worse, None]", "[ZeroDivisionError]", "[]", "[Odd, KeyboardInterrupt]"],
    bare: ["[None, Odd, KeyboardInterrupt]", "[]"],
    unmatched: ["[None, Odd]", "[TypeError]", "[]"],
    name_is_gone: ["0", "1"],
    name_deleted_inside: ["0", "1"],
    name_after_failure: ["[ValueError]", "[]", "[KeyError]"],
    values_at_the_raise: ["[None, Odd, None, Odd, None]", "[]", "[None, None, KeyError]"],
    unbound_in_handler: ["[Odd]", "[None, Odd]", "[]"],
    unpacking: ["[(1, 2), (3,), 4, (5, 6, 7), [8, 9]]"],
    items_and_names: ["[0], 0", "[0], 1", "[], 5", "{}, 1", "None, 0"],
    finally_all_ways: [f"{kinds}, {how!r}" for kinds in ("[]", "[None, Odd]") for how in ("break", "continue", "return", "")],
    finally_overrides: [f"{kinds}, {how!r}" for kinds in ("[]", "[None, Odd]") for how in ("break", "continue", "return", "")],
    finally_raises: ["[]", "[Odd]", "[None, Odd]", "[Odd, KeyError]"],
    everything: [f"[{a}, {b}, {c}, {d}]" for a in ("Odd", "None", "KeyError") for b in ("Odd", "None")
                 for c in ("Worse", "None") for d in ("ValueError", "None")],
    nested_loops: ["[]", "[None, Odd, None, None, Odd]", "[KeyError]", "[None, KeyError]"],
    return_in_handler: ["[]", "[None, Odd]"],
    break_out_of_handler: ["[]", "[None, Odd]"],
    loop_in_handler: ["10", "5000"],
    loop_in_finally: ["1", "0"],
    again: ["[]", "[Odd]", "[KeyError]", "[IndexError]", "[OSError]"],
    again_by_name: ["[]", "[Odd]"],
    nothing_to_raise: [""],
    raise_in_callee: ["[Odd]", "[]"],
    bad_class: ["Odd", "(KeyError, Odd)", "1", "(Odd, 1)", "int", "(KeyError, IndexError)", "()"],
    failing_class: ["[]", "[KeyError]"],
    deep: ["[]", "[Odd]", "[Odd, KeyError]", "[Odd, KeyError, ValueError]", "[Odd, ValueError]"],
    assertion: ["1", "0"],
    iteration_raises: ["[1, 2]", "Iterator(3)", "5"],
    comprehension_in_try: ["[1, 2]", "[1, 0]"],
    conditional_temporaries: ["[1, 0, 3], True", "[1, 0], False", "[1.5, 0.0], True"],
    often: ["[1, 2, 3]", "list(range(6000))"],
    often_in_native_code: ["[1, 0, 2, 0]", "[1, 0, 0] * 3000"],
    recursion: ["0"],
    retry: ["[None, Odd, KeyError]", "[None] + [Odd] * 50"],
    only_finally_in_loop: ["[1, 2, 3]", "list(range(4000))", "['x']"],
}
