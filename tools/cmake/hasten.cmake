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
  # The same file is compiled for several Pythons and presets: ccache makes the second time free.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_library(hasten_options INTERFACE)
target_include_directories(hasten_options INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(hasten_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wconversion
                       -fno-omit-frame-pointer)
target_compile_definitions(hasten_options INTERFACE HASTEN_VERSION="${PROJECT_VERSION}" _GNU_SOURCE)
if(HASTEN_WERROR)
  target_compile_options(hasten_options INTERFACE -Werror)
endif()
if(HASTEN_SANITIZE)
  target_compile_options(hasten_options INTERFACE -fsanitize=${HASTEN_SANITIZE} -g)
  target_link_options(hasten_options INTERFACE -fsanitize=${HASTEN_SANITIZE})
endif()

if(HASTEN_PYTHON)
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
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
endif()

# hasten_room(NAME SOURCES x.cc ... [TESTS x_test.cc ...] [DEPS hasten_base fmt::fmt ...] [PYTHON])
# declares the static library hasten_NAME and, with HASTEN_TESTS, the test program NAME_test.
# PYTHON: the room includes Python.h (and is left out when HASTEN_PYTHON is off).
function(hasten_room NAME)
  cmake_parse_arguments(ROOM "PYTHON" "" "SOURCES;TESTS;DEPS" ${ARGN})
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
  endif()
endfunction()

# Symbols stay inside: only the module's init function is visible, so that another LLVM or another
# copy of any library in the same process can never meet ours.
function(hasten_seal TARGET)
  target_link_options(${TARGET} PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,-Bsymbolic
                      "-Wl,--version-script=${PROJECT_SOURCE_DIR}/tools/cmake/module.map")
endfunction()
