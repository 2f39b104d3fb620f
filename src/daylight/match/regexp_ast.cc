#include "daylight/match/regexp_ast.h"
