#pragma once

// What the output may look like: a person's terminal, or a file.

namespace securebase::cli {

/// The stream is a terminal.
bool IsTerminal(int file_descriptor);

/// The locale's characters are UTF-8.
bool HasUtf8Locale();

/// ✓ and ✗ can be shown: a terminal with UTF-8.
bool CanPrintMarks(int file_descriptor);

/// Colours are wanted: a terminal, and no NO_COLOR in the environment (no-color.org).
bool CanPrintColours(int file_descriptor);

}  // namespace securebase::cli
