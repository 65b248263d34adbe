"""What tests of the tree know of C++."""

import re

# To be taken out of a source, so that what is left is code.
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((.*?)\)"|"(?:\\.|[^"\\\n])*"', re.S)
