// What the searches of program/search.hpp take, so that wrong arguments end in one sentence. Used there.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <hasse/latency/network_timer.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/price/price.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/search/search.hpp>
#include <hasse/train/candidate_trainer.hpp>

namespace hasse::detail {

template <Backend Engine, class Type>
std::type_identity<Type> task_trained_by(const candidate_trainer<Engine, Type>&);
template <class Given>
concept TrainsCandidates = requires(const std::remove_cvref_t<Given>& train) { detail::task_trained_by(train); };

/// Of what trains, test samples and a folder.
template <class Train, class Test, class Folder>
constexpr search_fault fault_of_trainings() {
  if constexpr (!TrainsCandidates<Train>)
    return search_fault::trainer;
  else if constexpr (!std::convertible_to<Test, const typename decltype(task_trained_by(std::declval<const std::remove_cvref_t<Train>&>()))::type::samples&>)
    return search_fault::samples;
  else
    return std::convertible_to<Folder, run_folder&> ? search_fault::none : search_fault::folder;
}
template <class Space, class By, class... Given>
  requires Price<std::remove_cvref_t<By>>
struct search_arguments<Space, By, Given...> {
  static constexpr search_fault fault = fault_of_trainings<given_at<0, Given...>, given_at<1, Given...>, given_at<2, Given...>>();
};
template <class Space, class Table, class... Given>
  requires std::derived_from<std::remove_cvref_t<Table>, latency_table<Space>>
struct search_arguments<Space, Table, Given...> {
  using device = std::remove_cvref_t<given_at<0, Given...>>;
  static constexpr search_fault fault =
      DevicePolicy<device> || NetworkTimer<device> ? fault_of_trainings<given_at<1, Given...>, given_at<2, Given...>, given_at<3, Given...>>() : search_fault::device;
};

}  // namespace hasse::detail
