/* mysql - plays libmysqlclient: see mysql.h. */
#include "mysql.h"
