#include "daylight/migrate/migration.h"

#include <gtest/gtest.h>
