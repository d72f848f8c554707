#pragma once

// The log store as the input of Insights queries.

#include <memory>

#include "base/tenant.h"
#include "events/log_store.h"
#include "insights/run.h"

namespace securebase::logs {

/// `store` outlives the input.
std::unique_ptr<insights::Input> MakeStoreInput(const events::LogStore& store, Account account);

}  // namespace securebase::logs
