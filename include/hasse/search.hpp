// Search: domains, policies that are asked and told, the frontier, certificates, diagnostics, the loop with its journal.
#pragma once

#include <hasse/search/any_policy.hpp>
#include <hasse/search/certificate.hpp>
#include <hasse/search/choices.hpp>
#include <hasse/search/coordinates.hpp>
#include <hasse/search/diagnostics.hpp>
#include <hasse/search/domain.hpp>
#include <hasse/search/exchange.hpp>
#include <hasse/search/expected_improvement.hpp>
#include <hasse/search/frontier.hpp>
#include <hasse/search/gaussian_process.hpp>
#include <hasse/search/ledger.hpp>
#include <hasse/search/model_guided_search.hpp>
#include <hasse/search/open_candidates.hpp>
#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/policy.hpp>
#include <hasse/search/random_search.hpp>
#include <hasse/search/regularised_evolution.hpp>
#include <hasse/search/search.hpp>
#include <hasse/search/search_model.hpp>
#include <hasse/search/session.hpp>
#include <hasse/search/shared_session.hpp>
#include <hasse/search/space_domain.hpp>
#include <hasse/search/tabular.hpp>
