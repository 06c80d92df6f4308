#pragma once

#include "gateway/transaction/course.hpp"

namespace postern::transaction {

/// Counts a message that was decided for good into the DMARC report of its author's domain, with
/// what came of it for the strictest of its recipients. One that is to be tried again is not
/// counted: it will be then.
void count_for_report(const Mail& mail, const Course& course, const smtp::Reply& reply);

/// Hands a message that was decided for good to the DMARC failure reports, where its author's
/// domain asks for one (gateway/reports). Touches memory only.
void report_failure(const Mail& mail, const Course& course, const smtp::Reply& reply);

}  // namespace postern::transaction
