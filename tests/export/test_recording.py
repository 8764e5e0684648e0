"""What read_stacks says of processes and of time."""


def test_samples_lie_in_the_time_of_their_run(recorded):
    first, again = recorded.stacks["processes"]
    before_ns, between_ns, after_ns = recorded.monotonic_ns
    begin_ns = {first["pid"]: first["start_ns"], again["pid"]: again["start_ns"]}
    assert before_ns < first["start_ns"] < between_ns < again["start_ns"] < after_ns
    end_ns = {first["pid"]: between_ns, again["pid"]: after_ns}
    for thread in recorded.stacks["threads"]:
        times = [time_ns for _stack, _cpu_ns, time_ns in thread["samples"]]
        assert times == sorted(times)
        assert all(begin_ns[thread["pid"]] <= time_ns <= end_ns[thread["pid"]] for time_ns in times)


def test_functions_follow_each_other_as_the_program_has_it(recorded):
    def times_of(name):
        functions = [function[0] for function in recorded.stacks["functions"]]
        return [
            end_ns
            for thread in recorded.stacks["threads"]
            for stack, _cpu_ns, end_ns in thread["samples"]
            if name in [functions[function] for function, _line in recorded.stacks["stacks"][stack]]
        ]

    assert max(times_of("even")) < min(times_of("direct"))  # the thread starts when the main thread is done


def test_processes(recorded):
    first, again = recorded.stacks["processes"]
    assert first["command"][-1:] == [recorded.file]
    assert again["command"][-2:] == [recorded.file, "again"]
    before_ns, between_ns, after_ns = recorded.wall_clock_ns
    assert before_ns <= first["start_wall_ns"] <= between_ns <= again["start_wall_ns"] <= after_ns
    assert first["rate_hz"] == again["rate_hz"] == 1000
    assert recorded.stacks["wall_ns"] <= recorded.monotonic_ns[-1] - recorded.monotonic_ns[0]


def test_samples_are_the_reports(recorded):
    assert recorded.sample_count == recorded.report["samples"]
    assert abs(recorded.cpu_ns - recorded.report["sampled_cpu_s"] * 1e9) <= 1
