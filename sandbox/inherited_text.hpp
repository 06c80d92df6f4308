#pragma once

/// @file Program text that a worker finds mapped when it is born.

namespace postern::sandbox {

/// A fork does not copy the page tables of files that nobody has written to: each worker finds the
/// code it runs by some seventy page faults, and that is a tenth of what a plain message costs.
/// Call this before a rehearsal of what workers do: it makes the kernel forget which pages of code
/// are mapped, so that those of the rehearsal are the only ones. One thread. Does
/// nothing in sanitizer builds.
void forget_text();

/// Call this after the rehearsal: forks will inherit the mapped pages of the files that were used
/// much. It writes one byte of each such mapping back to where it was read, which makes a private
/// copy of that page and lets the kernel copy page tables. Where it is not allowed to
/// (/proc/self/mem is restricted), workers fault as before.
void pass_on_text();

}  // namespace postern::sandbox
