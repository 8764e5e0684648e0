# A 64-bit generator written with a mask needs products of 128 bits.
def lcg(seed, n):
    for _ in range(n):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
    return seed
call(lcg, 0, 1)  # expect: 1442695040888963407
call(lcg, 1, 1000)  # expect: 17660865281050590889
