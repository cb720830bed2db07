// Tasks: what networks learn and are judged by. Classification, detection, segmentation and super-resolution ship; an own one is a struct of its own.
// Includes every public header of the stage.
#pragma once

#include <hasse/task/answer_loss.hpp>
#include <hasse/task/batch_feed.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/task/classification.hpp>
#include <hasse/task/detection.hpp>
#include <hasse/task/detection/anchors.hpp>
#include <hasse/task/detection/box_coder.hpp>
#include <hasse/task/detection/coco.hpp>
#include <hasse/task/detection/detector_loss.hpp>
#include <hasse/task/detection/losses.hpp>
#include <hasse/task/detection/matching.hpp>
#include <hasse/task/detection/mistakes.hpp>
#include <hasse/task/detection/suppression.hpp>
#include <hasse/task/detection/voc.hpp>
#include <hasse/task/detection_feed.hpp>
#include <hasse/task/loss.hpp>
#include <hasse/task/metric.hpp>
#include <hasse/task/record.hpp>
#include <hasse/task/segmentation.hpp>
#include <hasse/task/segmentation/confusion.hpp>
#include <hasse/task/segmentation/pixel_loss.hpp>
#include <hasse/task/super_resolution.hpp>
#include <hasse/task/task.hpp>
