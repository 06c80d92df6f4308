#pragma once

#include "gateway/transaction/course.hpp"

namespace postern::transaction {

/// Keeps the DMARC aggregate reports that the jail found in a message for one of
/// [dmarc].reports_to, once that recipient's copy is delivered. The sender is who DMARC proves;
/// of anybody else the report is kept as unauthenticated. The message itself goes its usual way:
/// a store that refuses is a line in the log.
void keep_received_reports(const Mail& mail, const Course& course, const smtp::Reply& reply);

}  // namespace postern::transaction
