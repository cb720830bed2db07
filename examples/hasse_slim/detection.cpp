// What hasse_slim does for detection.
#include <hasse/program/slim_pictures.hpp>

hasse::slim_task slim_detection();
hasse::slim_task slim_detection() { return hasse::slim_task_of<hasse::slim_boxes>(); }
