# What every room shares: compiler settings, and one function that declares a room.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # The same file is compiled for several Pythons, presets and clones: ccache makes the second time free.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_library(hasten_options INTERFACE)
target_include_directories(hasten_options INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(hasten_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wconversion
                       -fno-omit-frame-pointer
                       # Built files name no directory of the machine that built them.
                       -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_compile_definitions(hasten_options INTERFACE HASTEN_VERSION="${PROJECT_VERSION}" _GNU_SOURCE)
# Each version of a compiler warns of other things: only with the one of the reference system (Debian 12) is a warning
# sure to be news.
if(HASTEN_WERROR AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
  target_compile_options(hasten_options INTERFACE -Werror)
endif()
if(HASTEN_SANITIZE)
  target_compile_options(hasten_options INTERFACE -fsanitize=${HASTEN_SANITIZE} -g)
  target_link_options(hasten_options INTERFACE -fsanitize=${HASTEN_SANITIZE})
endif()

if(HASTEN_FUZZ)
  target_compile_options(hasten_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(HASTEN_PYTHON)
  if(HASTEN_TESTS)
    # A test program of a room that includes Python.h is an interpreter: it links libpython.
    find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module OPTIONAL_COMPONENTS Development.Embed)
    execute_process(COMMAND "${Python_EXECUTABLE}" -c "import sys; print(sys.base_prefix)"
                    OUTPUT_VARIABLE HASTEN_PYTHON_HOME OUTPUT_STRIP_TRAILING_WHITESPACE)
  else()
    find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
  endif()
  if(NOT nanobind_DIR)
    execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
                    OUTPUT_VARIABLE nanobind_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  find_package(nanobind CONFIG REQUIRED)
  message(STATUS "Hasten for Python ${Python_VERSION} (${Python_EXECUTABLE})")
endif()
if(HASTEN_TESTS)
  find_package(GTest REQUIRED)
  enable_testing()
  add_custom_target(hasten_tests)    # every C++ test program
endif()
if(HASTEN_FUZZ)
  add_custom_target(hasten_fuzzers)  # every libFuzzer program
endif()

# hasten_room(NAME SOURCES x.cc ... [TESTS x_test.cc ...] [FUZZ x_fuzz.cc ...] [DEPS hasten_base fmt::fmt ...] [PYTHON])
# declares the static library hasten_NAME; with HASTEN_TESTS, the test program NAME_test; with HASTEN_FUZZ, one
# fuzzer a file, named as the file (x_fuzz), each of which defines LLVMFuzzerTestOneInput.
# PYTHON: the room includes Python.h (and is left out when HASTEN_PYTHON is off). Its test links libpython and
# initialises the interpreter itself.
function(hasten_room NAME)
  cmake_parse_arguments(ROOM "PYTHON" "" "SOURCES;TESTS;FUZZ;DEPS" ${ARGN})
  if(ROOM_PYTHON AND NOT HASTEN_PYTHON)
    return()
  endif()
  add_library(hasten_${NAME} STATIC ${ROOM_SOURCES})
  target_link_libraries(hasten_${NAME} PUBLIC hasten_options ${ROOM_DEPS})
  if(ROOM_PYTHON)
    target_include_directories(hasten_${NAME} SYSTEM PUBLIC ${Python_INCLUDE_DIRS})
  endif()
  if(HASTEN_TESTS AND ROOM_TESTS)
    add_executable(${NAME}_test ${ROOM_TESTS})
    target_link_libraries(${NAME}_test PRIVATE hasten_${NAME} GTest::gtest_main)
    add_test(NAME ${NAME} COMMAND ${NAME}_test)
    add_dependencies(hasten_tests ${NAME}_test)
    if(ROOM_PYTHON)
      target_link_libraries(${NAME}_test PRIVATE Python::Python)
      # CPython keeps objects until the process ends: LeakSanitizer would name those, not ours.
      set_tests_properties(${NAME} PROPERTIES
                           ENVIRONMENT "PYTHONHOME=${HASTEN_PYTHON_HOME};ASAN_OPTIONS=detect_leaks=0")
    endif()
  endif()
  if(HASTEN_FUZZ)
    foreach(file ${ROOM_FUZZ})
      get_filename_component(fuzzer ${file} NAME_WE)
      add_executable(${fuzzer} ${file})
      target_link_libraries(${fuzzer} PRIVATE hasten_${NAME})
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      add_dependencies(hasten_fuzzers ${fuzzer})
    endforeach()
  endif()
endfunction()

# Symbols stay inside: only the module's init function is visible, so that another LLVM or another
# copy of any library in the same process can never meet ours.
function(hasten_seal TARGET)
  target_link_options(${TARGET} PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,-Bsymbolic
                      "-Wl,--version-script=${PROJECT_SOURCE_DIR}/tools/cmake/module.map")
endfunction()
