// Batches of pictures for a detector, and what its anchors should answer to them: matched once a batch, whoever asks how often.
// Used by task/detection.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <hasse/core/shape.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/data/object_reader.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/task/detection/anchors.hpp>
#include <hasse/task/detection/detector_loss.hpp>
#include <hasse/task/detection/matching.hpp>

namespace hasse {

/// What is in the pictures of a batch.
class picture_batch {
 public:
  explicit picture_batch(const detection_set& set) : set_(&set) {}

  const detection_set& set() const { return *set_; }
  std::vector<sampled_picture> pictures{};
  /// The pictures are others now.
  void changed() { matched_ = false; }

  /// What the anchors of a network with these maps should answer. Kept until the pictures change.
  const anchor_targets& targets(const anchor_plan& plan, const match_rule& rule, std::span<const feature_shape> maps) const {
    const std::vector<feature_shape> given(maps.begin(), maps.end());
    const bool same_anchors = plan == plan_ && given == maps_;
    if (!same_anchors) plan_ = plan, maps_ = given, anchors_ = anchors_of(plan, set_->shape(), maps);
    if (matched_ && same_anchors && rule == rule_) return targets_;
    rule_ = rule, matched_ = true, ++matchings_;
    targets_.anchors = static_cast<int>(anchors_.size());
    targets_.kinds.clear();
    targets_.codes.resize(pictures.size() * anchors_.size());
    matching found;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const std::vector<labelled_object>& objects = pictures[i].objects;
      match_anchors(anchors_, objects, rule, found);
      for (std::size_t a = 0; a < anchors_.size(); ++a) {
        const int object = found.object[a];
        targets_.kinds.push_back(object >= 0 ? objects[static_cast<std::size_t>(object)].kind : object);
        if (object < 0) continue;
        const box_code<double> code = encode(objects[static_cast<std::size_t>(object)].place, anchors_[a]);
        for (std::size_t k = 0; k < 4; ++k) targets_.codes[i * anchors_.size() + a][k] = static_cast<float>(code[k]);
      }
    }
    return targets_;
  }
  /// Of the last call of targets().
  const std::vector<box>& anchors() const { return anchors_; }
  /// How often pictures were matched, since the beginning.
  std::uint64_t matchings() const { return matchings_; }

 private:
  const detection_set* set_;
  mutable anchor_plan plan_;
  mutable match_rule rule_;
  mutable std::vector<feature_shape> maps_;
  mutable std::vector<box> anchors_;
  mutable anchor_targets targets_;
  mutable bool matched_ = false;
  mutable std::uint64_t matchings_ = 0;
};

/// Batches of one set, which must outlive the feed. Pictures vary as `set.varied` says; the augmentation of recipes, which knows no
/// boxes, is not asked.
template <class Scalar>
class detection_feed {
 public:
  detection_feed(accelerator<Scalar>* device, const detection_set& set, const normalisation& scale, int batch, read_order order,
                 std::uint64_t seed = 1, augmentation = {})
      : reader_(set, scale, batch, order, seed),
        batch_(set),
        images_(static_cast<std::size_t>(batch * set.shape().size())),
        at_device_(device) {}

  int batch() const { return reader_.batch(); }
  std::uint64_t batches_per_epoch() const { return reader_.batches_per_epoch(); }
  int next(Scalar* input) {
    int count = 0;
    at_device_.write(input, images_.size(), [&](Scalar* to) {
      if constexpr (std::is_same_v<Scalar, float>) {
        count = reader_.next(to, batch_.pictures);
      } else {
        count = reader_.next(images_.data(), batch_.pictures);
        for (std::size_t i = 0; i < images_.size(); ++i) to[i] = static_cast<Scalar>(images_[i]);
      }
    });
    batch_.changed();
    return count;
  }
  const picture_batch* targets() const { return &batch_; }
  void seek(read_position to) { reader_.seek(to); }

 private:
  object_reader reader_;
  picture_batch batch_;
  std::vector<float> images_;
  staged<Scalar> at_device_;
};

}  // namespace hasse
