#pragma once

#include "gateway/transaction/course.hpp"

namespace postern::transaction {

/// The one log line of a message that came to its end, and its figures in the metrics.
void tell(const Mail& mail, const Course& course, const smtp::Reply& reply);

/// The same for a message that the session refused while it came.
void log_refused_data(const Mail& mail, smtp::DataDefect defect, const smtp::Reply& reply);

}  // namespace postern::transaction
