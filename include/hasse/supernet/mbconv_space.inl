// The bodies of supernet/mbconv_space.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include <hasse/supernet/mbconv_space.hpp>

namespace hasse {

namespace detail {

HASSE_BODY void check(const mbconv_space& space) {
  const auto needs = [](bool fine, const std::string& what) {
    if (!fine) throw error("a space of inverted bottlenecks " + what);
  };
  const auto sides = {space.input.h, space.input.w, space.input.c};
  needs(std::ranges::all_of(sides, [](int side) { return side >= 1 && side <= 1 << 14; }),
        "was given images of " + gated_shape_text(space.input) + "; give sizes of 1 to 16384");
  const auto is_width = [](int width) { return width >= 1 && width <= 1 << 14; };
  for (const int width : {space.stem, space.first, space.last, space.classes})
    needs(is_width(width), "was given a layer of " + std::to_string(width) + " channels; give 1 to 16384");
  needs(space.stem_stride >= 1 && space.stem_stride <= 8,
        "was given a stem of stride " + std::to_string(space.stem_stride) + "; give 1 to 8");
  needs(!space.stages.empty() && space.stages.size() <= 32,
        "was given " + std::to_string(space.stages.size()) + " stages; give 1 to 32");
  needs(space.mix == 0 || is_width(space.mix),
        "was given a layer of " + std::to_string(space.mix) + " channels behind the average; give 1 to 16384, or 0 for none");
  for (const gated_stage& stage : space.stages) {
    needs(stage.se.percent >= 0 && stage.se.percent <= 100,
          "was given a squeeze-excite of " + std::to_string(stage.se.percent) + " %; give 0 to 100");
    needs(is_width(stage.out), "was given a stage of " + std::to_string(stage.out) + " channels; give 1 to 16384");
    needs(stage.stride >= 1 && stage.stride <= 8, "was given a stage of stride " + std::to_string(stage.stride) + "; give 1 to 8");
  }
  needs(!space.kernels.empty() && !space.expansions.empty(),
        "has nothing to choose from; give at least one kernel and one expansion");
  for (const int kernel : space.kernels)
    needs(kernel >= 1 && kernel <= 31 && kernel % 2 == 1,
          "was given a kernel of " + std::to_string(kernel) + "; give odd numbers from 1 to 31");
  for (const int expand : space.expansions)
    needs(expand >= 1 && expand <= 64, "was given an expansion of " + std::to_string(expand) + "; give 1 to 64");
}

}  // namespace detail

HASSE_BODY gated_list gated_list_of(const mbconv_space& space) {
  detail::check(space);
  gated_builder builder(space.input);
  builder.fixed("stem", detail::stem_of(space)).fixed("stem 2", detail::first_of(space));
  for (const gated_stage& stage : space.stages)
    builder.stage({stage.out, stage.blocks, stage.stride}, [&](auto offer) {
      detail::for_each_mbconv(space, stage, offer);
      if (space.skips) offer(zero{});
    });
  return builder.fixed("fixed layer", detail::last_of(space))
      .fixed("head", detail::classifying_head{detail::mix_of(space), space.classes})
      .finish();
}

HASSE_BODY std::string network_type_text(const mbconv_space& space, std::span<const int> choice) {
  const gated_list list = gated_list_of(space);
  list.check(choice);
  const std::string norm = ".norm = hasse::batch_norm_rule{" + std::to_string(space.norm.epsilon_millionths) + ", " +
                           std::to_string(space.norm.keep_percent) + "}}";
  const auto number = [](const char* name, int value) { return "." + std::string(name) + " = " + std::to_string(value) + ", "; };
  const auto act_text = [](const char* name, activation act) {
    return "." + std::string(name) + " = hasse::activation::" + std::string(name_of(act)) + ", ";
  };
  const auto conv_text = [&](const conv& it) {
    return ", hasse::conv{" + number("out", it.out) + number("kernel", it.kernel) + number("stride", it.stride) +
           act_text("act", it.act) + norm;
  };
  const auto se_text = [](const squeeze_excite& it) {
    if (it.percent == 0) return std::string();
    const auto act = [](const char* name, activation own, activation usual) {
      return own == usual ? "" : ", ." + std::string(name) + " = hasse::activation::" + std::string(name_of(own));
    };
    return ".se = hasse::squeeze_excite{.percent = " + std::to_string(it.percent) +
           (it.base == squeeze_excite::share::of_input ? ", .base = hasse::squeeze_excite::share::of_input" : "") +
           (it.rule == rounding::down        ? ", .rule = hasse::rounding::down"
            : it.rule == rounding::divisible ? ", .rule = hasse::rounding::divisible"
                                             : "") +
           act("inner", it.inner, squeeze_excite{}.inner) + act("gate", it.gate, squeeze_excite{}.gate) + "}, ";
  };
  const auto mbconv_text = [&](const mbconv& it) {
    return ", hasse::mbconv{" + number("out", it.out) + number("stride", it.stride) + number("kernel", it.kernel) +
           number("expand", it.expand) + (it.act == mbconv{}.act ? "" : act_text("act", it.act)) + se_text(it.se) + norm;
  };
  const auto [h, w, c] = space.input;
  std::string all = "hasse::fixed_network<hasse::input<" + std::to_string(c) + ", " + std::to_string(h) + ", " + std::to_string(w) +
                    ">" + conv_text(detail::stem_of(space)) + mbconv_text(detail::first_of(space));
  std::size_t block = 2;
  for (const gated_stage& stage : space.stages)
    for (int at = 0; at < stage.blocks; ++at, ++block) {
      int index = 0;  // zero stands last, so that an index beyond the blocks is zero
      detail::for_each_mbconv(space, stage, [&](mbconv it) {
        it.out = stage.out, it.stride = at == 0 ? stage.stride : 1;
        if (index++ == choice[block]) all += mbconv_text(it);
      });
    }
  return all + conv_text(detail::last_of(space)) + ", hasse::global_average_pool{}" +
         (space.mix > 0 ? conv_text(detail::mix_of(space)) : "") + ", hasse::linear<" + std::to_string(space.classes) + ">{}>";
}

}  // namespace hasse
