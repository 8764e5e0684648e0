"""Functions that only compute and call themselves, for test_recursion_twins.py."""


def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def takeuchi(x, y, z):
    if y >= x:
        return z
    return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y))


def factorial(n):
    if n < 2:
        return 1
    return n * factorial(n - 1)


def power_of_three(n):
    return 1 if n == 0 else power_of_three(n - 1) * 3


def growing(n, x):
    if n == 0:
        return x
    return growing(n - 1, x * 3) + growing(n - 2 if n > 1 else 0, x)


def ends_at_zero(n):
    """The factors before the last, which is 0, outgrow a word; the product does not."""
    return n * 1_000_003 if n == 0 else (n + 10**6) * ends_at_zero(n - 1)


def binomial(n, k):
    if k == 0 or k == n:
        return 1
    return binomial(n - 1, k - 1) + binomial(n - 1, k)


def queens(full, columns, left, right):
    if columns == full:
        return 1
    count = 0
    free = full & ~(columns | left | right)
    while free:
        bit = free & -free
        free ^= bit
        count += queens(full, columns | bit, ((left | bit) << 1) & full, (right | bit) >> 1)
    return count


def divides(n, by):
    if n == 0:
        return 1 // by
    return divides(n - 1, by) + divides(n - 2 if n > 1 else 0, by + 1)


def mean(n, x):
    if n == 0:
        return x
    return (mean(n - 1, x + 1.5) + mean(n - 1, x / 3)) / 2


def greatest_common_divisor(a, b):
    return a if b == 0 else greatest_common_divisor(b, a % b)


def steps(n):
    """A sum whose parts come after the call."""
    if n <= 0:
        return 0
    return steps(n - 1) + n * n


def either(n):
    """Adds here, multiplies there."""
    if n <= 0:
        return 1
    if n % 2:
        return either(n - 1) + 3
    return either(n - 2) * 2


def nested(n):
    return n - 10 if n > 100 else nested(nested(n + 11))


def pairs(n):
    if n == 0:
        return 0, 1
    a, b = pairs(n // 2)
    c, d = a * (2 * b - a), a * a + b * b
    return (d, c + d) if n % 2 else (c, d)


def is_even(n):
    return True if n == 0 else not is_even(n - 1)


def first_way_down(n):
    if n < 2:
        return n
    return first_way_down(n - 1) + first_way_down(n - 2 if n < 0 else 0)


def added_after(n):
    if n <= 1:
        return n - 2
    return added_after(n - 1) + n


def halved(n):
    if n <= 1:
        return n
    return n * halved(n // 2)


def with_another(n, a):
    if n <= 2:
        return -1
    return n + with_another(n // 2, n) + 0 * a


def with_a_default(n, a=3):
    if n <= 1:
        return 5
    return with_a_default(n - 1) if n * n > n else a + 5


def cut_early(n, left):
    """How deep it comes is for the second argument to say; the first bounds it no more than by its size."""
    if n < 2 or left == 0:
        return n & 1023
    return cut_early(n - 1, left - 1) + cut_early(n - 2, left // 2)


def two_ways_down(n):
    if n <= 2:
        return 1
    if n % 40 == 0:
        return two_ways_down(n - 1) + two_ways_down(n - 3)
    return two_ways_down(n - 1) + 1


def by_sevens(n, x):
    if -100 >= n:
        return x
    return by_sevens(n - 7, x + 1) - by_sevens(n - 60, x)


def bounded_in_one_way(n):
    """Only one of the calls is made above a bound."""
    if n > 0:
        return bounded_in_one_way(n - 1) + 2
    if n % 5 == 0:
        return n
    return bounded_in_one_way(n - 1)


def sum_of_three(n):
    if n < 3:
        return n - 1
    return sum_of_three(n - 1) + sum_of_three(n - 2) + sum_of_three(n - 3)


def ways_to_cut(n, most):
    """Counts on from what is none of its calls."""
    if n <= 1:
        return 1
    ways = n & 3
    k = 1
    while k <= most and k <= n:
        ways += k & 6
        ways += ways_to_cut(n - k, k)
        k += 1
    return ways


def up_and_down(n, x):
    """What it sums up outgrows a word on the way, not in the end."""
    if n == 0:
        return x
    total = 0
    k = 0
    while k < 4:
        total += up_and_down(n - 1, x if k % 2 else -x)
        k += 1
    return total


def up_before_down(n, x):
    if n == 0:
        return x
    return up_before_down(n - 1, x) + up_before_down(n - 1, x) + up_before_down(n - 1, -x) + up_before_down(n - 1, -x)


def asked_on_the_way(n):
    """The sum is asked for before it is returned."""
    total = 1
    k = 1
    while k <= n:
        total += asked_on_the_way(n - k)
        if total > 20:
            total -= 13
        k += 2
    return total


def doubled(n):
    if n <= 1:
        return n
    once = doubled(n - 1)
    return once + once + doubled(n - 2)


def larger(n, m):
    if n <= 0 or m <= 0:
        return 0
    if (n ^ m) & 1:
        return larger(n - 1, m - 1) + larger(n - 2, m - 3) + 1
    a = larger(n - 1, m)
    b = larger(n, m - 1)
    return a if a > b else b


def thrice(x, y, z):
    return y if y >= x else thrice(thrice(x - 1, y, z), thrice(y - 1, z, x), thrice(z - 1, x, y))


def hyper(n, a, b):
    """Addition, multiplication, powers."""
    if n == 0:
        return b + 1
    if b == 0:
        return a if n == 1 else 0 if n == 2 else 1
    return hyper(n - 1, a, hyper(n, a, b - 1))


def nested_down(n):
    if n == 0:
        return 0
    return nested_down(nested_down(n - 1))


def nested_or_not(n, x):
    if n <= 0:
        return x % 97
    if x % 3 == 0:
        return nested_or_not(n - 1, x + 1)
    return nested_or_not(n - 2, nested_or_not(n - 1, x // 2) + x)


def nested_up(n, x):
    """What the inner call gives may be where the next round leaves a word."""
    if n == 0:
        return x + 3
    if x == 0:
        return nested_up(n - 1, 5)
    return nested_up(n - 1, nested_up(n - 1, x - 2))


def far_down(n, left):
    if left <= 0:
        return n % 7
    return far_down(n - 1, left - 1) + far_down(n - 1, left - 2)


def far_up(n, left):
    if left <= 0:
        return n % 7
    return far_up(n + 1, left - 1) ^ far_up(n + 5, left - 2) ^ far_up(n - 1, left - 3)


def nested_or_added(m, n):
    """Of the rounds some add to the sum so far, and some await a call."""
    if m == 0:
        return n + 1
    if n == 0:
        return 3 + nested_or_added(m - 1, 1)
    return nested_or_added(m - 1, nested_or_added(m, n - 1))
