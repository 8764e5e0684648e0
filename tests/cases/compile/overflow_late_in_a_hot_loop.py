# Thousands of 64-bit turns, one that overflows, thousands more.
def run(n, at):
    x = 0
    for i in range(n):
        x += i
        if i == at:
            x += 2**63 - 1
    return x
call(run, 5000, 4000)  # expect: 9223372036867273307
call(run, 5000, 99999)  # expect: 12497500
