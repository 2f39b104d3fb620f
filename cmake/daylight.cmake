# How this project declares its libraries: one function that knows the layers.
#
# A library names its room (the first folder below src/daylight). It may link
# libraries of lower rooms and of its own room, never of a higher one; anything
# else stops the configure step. tests/layers_test.py holds the #include lines
# against the same table.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(DAYLIGHT_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
set(DAYLIGHT_SANITIZE "" CACHE STRING "Sanitizers for all code, e.g. address;undefined")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# All flags live here and reach every target of ours, and nobody else's.
add_library(daylight_options INTERFACE)
target_include_directories(daylight_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(daylight_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow
  -Wold-style-cast -Wcast-qual -Wnull-dereference -Wimplicit-fallthrough
  -Wformat=2 -Wundef -Wnon-virtual-dtor -Woverloaded-virtual
  # Shown, not fatal: g++ 12 sees null pointers inside its own std::vector.
  -Wno-error=null-dereference
  # g++ 12 sees overlaps inside its own std::string (its bug 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  -fno-omit-frame-pointer -fstack-protector-strong -ftrivial-auto-var-init=zero
  $<$<CXX_COMPILER_ID:Clang>:-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang>)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_compile_options(daylight_options INTERFACE -fcf-protection=full)
endif()
if(NOT DAYLIGHT_SANITIZE)
  target_compile_options(daylight_options INTERFACE -fstack-clash-protection)
endif()
target_compile_definitions(daylight_options INTERFACE _GLIBCXX_ASSERTIONS
  $<$<AND:$<CONFIG:Release>,$<STREQUAL:${DAYLIGHT_SANITIZE},>>:_FORTIFY_SOURCE=3>)
target_link_options(daylight_options INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
if(DAYLIGHT_SANITIZE)
  # g++ 12's sanitizers hide initializations from it, e.g. inside fmt.
  target_compile_options(daylight_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized;-Wno-error=uninitialized>)
endif()
foreach(sanitizer IN LISTS DAYLIGHT_SANITIZE)
  target_compile_options(daylight_options INTERFACE -fsanitize=${sanitizer} -fno-sanitize-recover=all)
  target_link_options(daylight_options INTERFACE -fsanitize=${sanitizer})
endforeach()
if(DAYLIGHT_FUZZ)
  target_compile_options(daylight_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Rank of each room; a dependency must point to the same room or a lower rank.
# "trusted" rooms must never reach a "contained" one.
set(_daylight_rank_base 0)
set(_daylight_rank_bytes 1)
set(_daylight_rank_os 1)
set(_daylight_rank_crypto 2)
set(_daylight_rank_report 2)
set(_daylight_rank_database 2)
set(_daylight_rank_match 3)
set(_daylight_rank_formats 3)
set(_daylight_rank_unpack 3)
set(_daylight_rank_rules 4)
set(_daylight_rank_scan 5)
set(_daylight_rank_contain 3)
set(_daylight_rank_sandbox 3)
set(_daylight_rank_policy 4)
set(_daylight_rank_survey 4)
set(_daylight_rank_inventory 4)
set(_daylight_rank_migrate 4)
set(_daylight_rank_extract 4)
set(_daylight_rank_config 3)
set(_daylight_rank_events 3)
set(_daylight_rank_quarantine 3)
set(_daylight_rank_opener 4)
set(_daylight_rank_daemon 5)
set(_daylight_contained contain match formats unpack rules scan extract)
set(_daylight_trusted sandbox policy survey inventory migrate config events quarantine opener daemon update exchange)

function(_daylight_check_layer name room dep)
  get_target_property(dep_room ${dep} DAYLIGHT_ROOM)
  if(NOT dep_room OR dep_room STREQUAL room)
    return()
  endif()
  if(NOT _daylight_rank_${dep_room} LESS _daylight_rank_${room})
    message(FATAL_ERROR "layers: ${name} (${room}) may not link ${dep} (${dep_room}): dependencies point strictly down")
  endif()
  if(room IN_LIST _daylight_trusted AND dep_room IN_LIST _daylight_contained)
    message(FATAL_ERROR "layers: ${name} (${room}) is trusted and may not link ${dep} (${dep_room}), which parses hostile bytes")
  endif()
endfunction()

# daylight_library(NAME room_part ROOM room SOURCES ... [DEPS ours...]
#                  [LIBS foreign...] [TESTS ...] [TEST_LIBS ...])
# Declares the library and, from TESTS, one GoogleTest program NAME_test.
function(daylight_library)
  cmake_parse_arguments(ARG "" "NAME;ROOM" "SOURCES;DEPS;LIBS;TESTS;TEST_LIBS" ${ARGN})
  if(NOT DEFINED _daylight_rank_${ARG_ROOM})
    message(FATAL_ERROR "layers: ${ARG_NAME} names an unknown room '${ARG_ROOM}'")
  endif()
  add_library(${ARG_NAME} STATIC ${ARG_SOURCES})
  set_target_properties(${ARG_NAME} PROPERTIES DAYLIGHT_ROOM ${ARG_ROOM})
  foreach(dep IN LISTS ARG_DEPS)
    if(NOT TARGET ${dep})
      message(FATAL_ERROR "layers: ${ARG_NAME} links ${dep}, which is not declared before it")
    endif()
    _daylight_check_layer(${ARG_NAME} ${ARG_ROOM} ${dep})
  endforeach()
  target_link_libraries(${ARG_NAME} PUBLIC ${ARG_DEPS} PRIVATE daylight_options ${ARG_LIBS})
  if(BUILD_TESTING AND ARG_TESTS)
    daylight_test(NAME ${ARG_NAME}_test SOURCES ${ARG_TESTS} DEPS ${ARG_NAME} LIBS ${ARG_TEST_LIBS})
  endif()
endfunction()

# daylight_program(NAME name SOURCES ... DEPS ... LIBS ... [TRUSTED])
function(daylight_program)
  cmake_parse_arguments(ARG "TRUSTED" "NAME" "SOURCES;DEPS;LIBS" ${ARGN})
  string(REPLACE "-" "_" target ${ARG_NAME}_program)
  add_executable(${target} ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${ARG_NAME})
  if(ARG_TRUSTED)
    foreach(dep IN LISTS ARG_DEPS)
      get_target_property(dep_room ${dep} DAYLIGHT_ROOM)
      if(dep_room IN_LIST _daylight_contained)
        message(FATAL_ERROR "layers: ${ARG_NAME} is trusted and may not link ${dep} (${dep_room})")
      endif()
    endforeach()
  endif()
  target_link_libraries(${target} PRIVATE daylight_options ${ARG_DEPS} ${ARG_LIBS})
endfunction()

# daylight_test(NAME name SOURCES ... DEPS ... LIBS ...): one GoogleTest
# program; the tree's root is DAYLIGHT_SOURCE_DIR for goldens.
function(daylight_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS;LIBS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE daylight_options ${ARG_DEPS} ${ARG_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${ARG_NAME} PRIVATE DAYLIGHT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${ARG_NAME} PRIVATE -Wno-null-dereference)
  if(DAYLIGHT_SANITIZE)
    # Sanitizers make frames many times as large: what nests as deep as it may, as forged conditions do, needs more
    # than the usual 8 MiB.
    add_test(NAME ${ARG_NAME} COMMAND sh -c "ulimit -s 65536 && exec \"$0\"" $<TARGET_FILE:${ARG_NAME}>)
  else()
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT 600)
endfunction()

# daylight_fuzz(NAME name SOURCES ... DEPS ...): a libFuzzer target where
# DAYLIGHT_FUZZ is on; in all builds, a replayer over tests/corpus/NAME that
# runs as a test. SOURCES define LLVMFuzzerTestOneInput.
function(daylight_fuzz)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS;LIBS" ${ARGN})
  if(DAYLIGHT_FUZZ)
    add_executable(${ARG_NAME}_fuzz ${ARG_SOURCES})
    target_link_libraries(${ARG_NAME}_fuzz PRIVATE daylight_options ${ARG_DEPS} ${ARG_LIBS})
    target_link_options(${ARG_NAME}_fuzz PRIVATE -fsanitize=fuzzer)
  elseif(BUILD_TESTING)
    add_executable(${ARG_NAME}_replay ${ARG_SOURCES} "${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc")
    target_link_libraries(${ARG_NAME}_replay PRIVATE daylight_options ${ARG_DEPS} ${ARG_LIBS})
    add_test(NAME fuzz_replay_${ARG_NAME} COMMAND ${ARG_NAME}_replay "${CMAKE_SOURCE_DIR}/fuzz/corpus/${ARG_NAME}")
    set_tests_properties(fuzz_replay_${ARG_NAME} PROPERTIES TIMEOUT 600)
  endif()
endfunction()
