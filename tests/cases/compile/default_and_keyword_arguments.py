def area(width, height=2.0):
    return width * height
def use(w):
    return area(w) + area(w, 3) + area(height=w, width=1)
call(use, 4)  # expect: 24.0
call(area, 3)  # expect: 6.0
call(area)  # expect: TypeError: area() missing 1 required positional argument: 'width'
call(area, 1, 2, 3)  # expect: TypeError: area() takes from 1 to 2 positional arguments but 3 were given
