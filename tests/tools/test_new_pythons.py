"""Pythons out of packages: what is taken for them, and programs that start by another loader than the machine's."""

import shutil
import subprocess

import pytest

PROGRAM = """\
#include <stdio.h>
int zeros[100000];
int main(void) {
  int c, sum = 0;
  for (int i = 0; i < 100000; ++i) sum += zeros[i];
  FILE* maps = fopen("/proc/self/maps", "r");
  while ((c = fgetc(maps)) != EOF) putchar(c);
  return sum;
}
"""


@pytest.mark.parametrize("pie", ["-pie", "-no-pie"])
def test_a_program_starts_by_the_loader_and_the_libraries_that_it_is_given(tools, tmp_path, pie):
    import elf_loader

    (tmp_path / "maps.c").write_text(PROGRAM)
    program = tmp_path / "maps"
    subprocess.run(["gcc", pie, tmp_path / "maps.c", "-o", program], check=True)
    before = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    files = {line.split()[-1] for line in before.splitlines() if ".so" in line}
    libraries = tmp_path / "libraries that lie in a folder of a long name"
    libraries.mkdir()
    for file in files:
        shutil.copy(file, libraries)
    (loader,) = [libraries / file.rsplit("/", 1)[1] for file in files if "/ld-" in file]
    elf_loader.set_loader(program, loader, libraries)
    after = subprocess.run([program], capture_output=True, text=True)
    assert after.returncode == 0, after.stderr
    assert {line.split(maxsplit=5)[-1] for line in after.stdout.splitlines() if ".so" in line} == {
        str(libraries / file.rsplit("/", 1)[1]) for file in files
    }


def test_what_is_no_program_is_left_alone(tools, tmp_path):
    import elf_loader

    (tmp_path / "text").write_text("#!/bin/sh\n")
    with pytest.raises(elf_loader.Unsuitable, match="no 64-bit ELF file"):
        elf_loader.set_loader(tmp_path / "text", tmp_path, tmp_path)
    assert (tmp_path / "text").read_text() == "#!/bin/sh\n"


def test_named_pythons_come_first_and_nothing_is_fetched(tools, monkeypatch):
    import new_pythons

    monkeypatch.setenv("HASTEN_NEW_PYTHONS", "/opt/a/bin/python3.15:/opt/b/bin/python3.14")
    assert {minor: str(path) for minor, path in new_pythons.found().items()} == {
        "3.15": "/opt/a/bin/python3.15",
        "3.14": "/opt/b/bin/python3.14",
    }


def test_without_apt_it_is_said_what_to_do(tools, monkeypatch, tmp_path):
    import new_pythons

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(new_pythons.Missing, match="apt-get is not here.*HASTEN_NEW_PYTHONS"):
        new_pythons.ensure(tmp_path / "new")
    assert not (tmp_path / "new").exists()
