#!/usr/bin/env python3
"""A file that uses a name of the standard library includes its header, itself or by a header of the tree. What comes along by
chance with another standard header is not there with the next compiler: <string> brings std::find with GCC 12, not with GCC 14."""

import functools
import pathlib
import re
import sys

from cpp import COMMENT_OR_STRING

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("core", "transport", "certstore", "cmd", "tests")

# The names that the tree uses or may well use, by the header that has them. Left out is what no container can do without, and so
# comes with each of them: std::copy, std::min, std::move, std::less, std::initializer_list and their like.
NAMES = {
    "algorithm": """adjacent_find all_of any_of binary_search clamp copy_if copy_n count count_if equal_range find
        find_end find_first_of find_if find_if_not for_each generate includes is_sorted max_element min_element minmax
        minmax_element mismatch nth_element partial_sort partition replace reverse rotate search set_difference
        set_intersection set_union shuffle sort stable_partition stable_sort transform unique upper_bound""",
    "array": "array to_array",
    "atomic": "atomic atomic_bool atomic_flag",
    "bit": "bit_cast bit_ceil bit_width countl_zero countr_zero has_single_bit popcount",
    "charconv": "from_chars to_chars",
    "chrono": "chrono",
    "cmath": "ceil floor isfinite isnan lround pow round sqrt",
    "condition_variable": "condition_variable",
    "cstddef": "byte",
    "cstdint": "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t",
    "cstring": "memchr memcmp memcpy memmove memset strcmp strerror strlen strncmp",
    "ctime": "gmtime strftime time time_t tm",
    "deque": "deque",
    "filesystem": "filesystem",
    "fstream": "fstream ifstream ofstream",
    "functional": "bind function plus",
    "future": "async future packaged_task promise",
    "iterator": "istreambuf_iterator",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map multimap",
    "memory": "enable_shared_from_this make_shared make_unique shared_ptr unique_ptr weak_ptr",
    "mutex": "lock_guard mutex once_flag scoped_lock unique_lock",
    "numeric": "accumulate gcd iota",
    "optional": "make_optional nullopt optional",
    "random": "mt19937 mt19937_64 random_device uniform_int_distribution",
    "regex": "regex regex_match regex_search",
    "set": "multiset set",
    "shared_mutex": "shared_mutex",
    "span": "span",
    "sstream": "istringstream ostringstream stringstream",
    "stdexcept": "invalid_argument length_error logic_error out_of_range runtime_error",
    "string": "stoi stol stoul stoull string to_string",
    "string_view": "string_view",
    "thread": "jthread this_thread thread",
    "tuple": "tie tuple",
    "type_traits": "decay_t is_enum_v is_same_v remove_cvref_t underlying_type_t",
    "unordered_map": "unordered_map unordered_multimap",
    "unordered_set": "unordered_set",
    "variant": "get_if holds_alternative monostate variant visit",
    "vector": "vector",
}
HEADER = {name: header for header, names in NAMES.items() for name in names.split()}
USE = re.compile(r"\bstd::(?:ranges::)?(\w+)")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def path_of(name, place):
    """Headers are named from the root, those of tests also from their folders."""
    return next((folder / name for folder in (ROOT, ROOT / "tests", place) if (folder / name).is_file()), None)


@functools.cache
def headers(path):
    """The standard headers that a file includes, itself and by headers of the tree."""
    found = set()
    for quoted, system in INCLUDE.findall(path.read_text()):
        if system:
            found.add(system)
        elif other := path_of(quoted, path.parent):
            found |= headers(other)
    return found


def main():
    problems, files = [], 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            files += 1
            code = COMMENT_OR_STRING.sub("", re.sub(r"^\s*#.*", "", path.read_text(), flags=re.M))
            for name in sorted(set(USE.findall(code))):
                header = HEADER.get(name)
                if header and header not in headers(path):
                    problems.append(f"{path.relative_to(ROOT)}: std::{name} needs <{header}>")
    print("\n".join(problems) or f"{files} files include what they use of the standard library")
    return 1 if problems or not files else 0


sys.exit(main())
