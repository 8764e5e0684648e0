def prime(n):
    for d in range(2, n):
        if d * d > n:
            break
        if n % d == 0:
            return d
    else:
        return "none"
    return n
call(prime, 15)  # expect: 3
call(prime, 97)  # expect: 97
call(prime, 2)  # expect: 'none'
