#include "insights/query.h"
