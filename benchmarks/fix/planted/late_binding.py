"""Functions made in a loop, which remember their number."""


def adders(numbers):
    made = []
    for number in numbers:
        def add(x, number=number):
            return x + number
        made.append(add)
    return [add(10) for add in made]


# late binding
def adders_w1(numbers):
    made = [lambda x: x + number for number in numbers]  # noqa: B023
    return [add(10) for add in made]


# one number too few
def adders_w2(numbers):
    return [10 + numbers[i] for i in range(len(numbers) - 1)]


# applied one after the other
def adders_w3(numbers):
    x, out = 10, []
    for number in numbers:
        x += number
        out.append(x)
    return out


class Register:
    def __init__(self):
        self.handlers = {}
        self.order = []

    def add(self, name, value):
        if name in self.handlers:
            raise KeyError(name)
        self.handlers[name] = value
        self.order.append(name)
        return self

    # another one is overwritten
    def add_w1(self, name, value):
        if name not in self.handlers:
            self.order.append(name)
        self.handlers[name] = value
        return self

    # a new object in the place of the same
    def add_w2(self, name, value):
        if name in self.handlers:
            raise KeyError(name)
        other = Register()
        self.handlers[name] = value
        self.order.append(name)
        other.handlers, other.order = self.handlers, self.order
        return other

    # partly done before the exception
    def add_w3(self, name, value):
        self.order.append(name)
        if name in self.handlers:
            raise KeyError(name)
        self.handlers[name] = value
        return self


register = Register()


def main():
    for i in range(120):
        adders([i, 2 * i, -1])
        try:
            register.add(f"n{i if i != 77 else 3}", i)
        except KeyError:
            pass
    print(len(register.handlers) // 100)


if __name__ == "__main__":
    main()
