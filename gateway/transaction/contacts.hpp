#pragma once

#include "gateway/transaction/course.hpp"

namespace postern::transaction {

/// Notes who wrote to whom, for the check first_contact: the author that From shows, and each
/// recipient whose copy `reply` says was delivered. On a decision thread, later; a note that finds
/// no thread or no store is lost, and the mail is none the worse.
void note_contacts(const Mail& mail, const Course& course, const smtp::Reply& reply);

}  // namespace postern::transaction
