#pragma once
#include <libxml/xmlversion.h>
// Debian's libxml2 names ICU types in one header; a second copy of them would clash with Foundation's own.
// They end a struct of encoding handlers that nobody here looks into.
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
